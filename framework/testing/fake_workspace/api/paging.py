"""Pages of lists: the token is where the next one begins."""

from typing import TypeVar

from framework.testing.fake_workspace.exchange import Refused, Request

T = TypeVar("T")


def page_of(items: list[T], request: Request, *, default: int, largest: int) -> tuple[list[T], dict[str, str]]:
    """The page that a request asks for, and ``{"next_page_token": …}`` when there are more."""
    asked = request.query.get("limit") or request.query.get("max_results") or str(default)
    token = request.query.get("page_token") or "0"
    if not (asked.isdecimal() and token.isdecimal()):
        raise Refused(400, "INVALID_PARAMETER_VALUE", f"Not a page: limit {asked}, page_token {token}")
    start, size = int(token), min(int(asked) or default, largest)
    more = {"next_page_token": str(start + size)} if start + size < len(items) else {}
    return items[start : start + size], more
