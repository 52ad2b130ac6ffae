"""The one place where a client of a workspace is made, and where its errors become ours.

The login is databricks-sdk's own business: environment variables, profiles of ~/.databrickscfg, ``databricks auth
login``, or the identity of a CI run. Nothing of it is kept or shown.
"""

import configparser
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from framework import __version__
from framework.core.errors import DatabricksError, DatabricksRefused, FrameworkError, UsageError
from framework.deploy.patience import Patience, is_unknown_host
from framework.deploy.secrets import without_secrets
from framework.spec.filling import from_environment
from framework.spec.target_spec import HOST, TargetSpec

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.clock import Clock
    from databricks.sdk.config import Config

RETRY_SECONDS = 60
"""How long a request is tried again while the workspace is busy or out of reach."""

_REQUEST_SECONDS = 30
_PROBE_SECONDS = 5  # the client asks each new host about itself; a dead one should not take two waits
_LONGEST = 500  # characters of what a workspace says


def client(host: str = "", retry_seconds: int = RETRY_SECONDS) -> "WorkspaceClient":
    """A client of the workspace at ``host``; left out, of the one that the environment or the profile names.

    Raises DatabricksError (exit code 4) when no login is found.
    """
    from databricks.sdk import WorkspaceClient

    # It warns about a host that does not tell about itself; what follows says it better.
    logging.getLogger("databricks.sdk").setLevel(logging.ERROR)
    patience = Patience()
    config = _config(host, patience)
    if not config.host:
        raise DatabricksError(
            "no workspace is named", "Write 'host' into the target's file in conf/, or set DATABRICKS_HOST."
        )
    config.retry_timeout_seconds, config.http_timeout_seconds = retry_seconds, _REQUEST_SECONDS
    patience.seconds = retry_seconds
    return WorkspaceClient(config=config)


def host_of(target: TargetSpec) -> str:
    """The address of the target's workspace; nothing when its files name none.

    Raises FrameworkError when an environment variable should say it and is not set.
    """
    hint = "Set it: https://<your workspace>. To try it without an account: framework fake-workspace"
    place = target.location(("host",))
    try:
        host = from_environment(target.host)
    except UsageError as error:
        raise FrameworkError(f"{error.message}; {place} takes the host from it", hint) from None
    if host and not HOST.match(host):  # it is not shown: who knows what it is
        raise FrameworkError(f"what the environment says for the host of {place} is not a workspace's address", hint)
    return host


def login_advice() -> str:
    """What to do about a login that is not valid, wherever that comes to light."""
    if os.environ.get("DATABRICKS_TOKEN"):
        return (
            "DATABRICKS_TOKEN in the environment is not valid here, or has expired: set another one, "
            "or unset it and log in: databricks auth login"
        )
    return "The login is not valid or has expired: databricks auth login. In CI, check the service principal's secret."


@contextmanager
def asking(what: str, needs: str = "") -> Iterator[None]:
    """Turns an error of databricks-sdk into DatabricksError or DatabricksRefused. Nothing else belongs into the block.

    ``what`` completes 'cannot …'; ``needs`` is the permission that it takes, for a refusal that names none.
    """
    from databricks.sdk.errors.base import DatabricksError as Refusal

    try:
        yield
    except Refusal as error:
        raise _refusal(what, needs, error) from None
    except TimeoutError as error:
        # So the client says that it has given up; the last answer is behind it.
        if isinstance(cause := error.__cause__, Refusal):
            raise _refusal(what, needs, cause) from None
        raise _silence(what, cause or error) from None
    except (OSError, ValueError) as error:  # sockets, and what logins raise
        raise _silence(what, error) from None


def _config(host: str, patience: Patience) -> "Config":
    from databricks.sdk.config import Config

    profile = _profile(host) if host else None
    try:
        return Config(
            host=host or None,
            profile=profile,
            product="framework",
            product_version=__version__,
            retry_timeout_seconds=1,
            http_timeout_seconds=_PROBE_SECONDS,
            clock=cast("Clock", patience),
        )
    except (OSError, ValueError) as error:
        hint = f"Log in: databricks auth login{f' --host {host}' if host else ''}. In CI, set DATABRICKS_TOKEN, or "
        hint += "DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET."
        reason = str(error).partition(", please check")[0]
        raise DatabricksError(f"no login for {host or 'Databricks'} was found: {_short(reason)}", hint) from None


def _profile(host: str) -> str | None:
    """The profile to log in with: the one that is chosen, else the only one for this host, as the CLI has it."""
    given = os.environ.get("DATABRICKS_CONFIG_PROFILE")
    file = Path(os.environ.get("DATABRICKS_CONFIG_FILE") or "~/.databrickscfg").expanduser()
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        parser.read(file, encoding="utf-8")
    except (OSError, ValueError, configparser.Error):
        raise DatabricksError(f"{file} cannot be read", "Write it anew: databricks auth login") from None
    hosts = {name: parser[name].get("host", "").rstrip("/") for name in parser.sections()}
    if given:
        if (other := hosts.get(given)) and other != host.rstrip("/"):
            hint = "Choose another one with DATABRICKS_CONFIG_PROFILE, or none."
            raise DatabricksError(f"profile '{given}' is for {other}, and the target's host is {host}", hint)
        return given
    fitting = [name for name, each in hosts.items() if each == host.rstrip("/")]
    in_environment = any(os.environ.get(f"DATABRICKS_{name}") for name in ("TOKEN", "CLIENT_ID", "AUTH_TYPE"))
    return fitting[0] if len(fitting) == 1 and not in_environment else None


def _refusal(what: str, needs: str, error: Exception) -> DatabricksRefused:
    from databricks.sdk.errors.platform import STATUS_CODE_MAPPING

    status = next((code for code, kind in STATUS_CODE_MAPPING.items() if isinstance(error, kind)), 0)
    hint = _HINTS.get(status, "")
    if status == 401 or (status == 403 and "invalid access token" in str(error).lower()):
        hint = login_advice()
    elif status == 403:
        hint = f"It takes {needs}. {hint}" if needs else hint
    return DatabricksRefused(f"cannot {what}: {_short(str(error)) or 'the workspace refused'}", hint, status)


def _silence(what: str, error: BaseException) -> DatabricksError:
    reason = {"ConnectTimeout": "it does not answer", "ReadTimeout": "it does not answer in time"}.get(
        type(error).__name__, _short(str(error))
    )
    if type(error).__name__ in ("ConnectionError", "ProxyError", "SSLError"):
        reason = "nobody knows its host's name" if is_unknown_host(error) else "there is no connection to it"
    asked = getattr(getattr(error, "request", None), "url", None) or ""
    host = urlsplit(asked).netloc.rpartition("@")[2]
    told = f"The host is {host}. " if host else ""
    hint = f"{told}Check the target's 'host', the network and the proxy, then run the command again."
    return DatabricksError(f"cannot {what}: the workspace gave no answer ({reason})", hint)


def _short(text: str) -> str:
    """One line without secrets, and without the configuration that the client tells after some errors."""
    line = re.split(r"\. (?:Config|Env): ", " ".join(without_secrets(text).split()))[0]
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"


_HINTS = {
    400: "This should not happen: run the command again with the newest version of the framework.",
    403: "Ask an administrator of the workspace for it, or log in as somebody who has it.",
    404: "Somebody may have deleted it, or this login may not see it.",
    409: "Somebody else is at it: run the command again.",
    429: "The workspace is busy: run the command again in a few minutes.",
    500: "This is a failure of the workspace: run the command again; if it stays, see status.databricks.com.",
    503: "The workspace is not available now: run the command again in a few minutes.",
    504: "The workspace took too long: run the command again.",
}
