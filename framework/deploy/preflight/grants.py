"""Whether a principal holds what the graph needs, by what Unity Catalog lets us see."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from framework.deploy.preflight.check import Check, CheckState
from framework.deploy.preflight.principals import Principal
from framework.deploy.preflight.privileges import Requirement, Securable
from framework.spec.node_path import printable

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

_AT_ONCE = 8
_MOST_SHOWN = 3
_WORDS = {"CATALOG": "catalog", "SCHEMA": "schema", "TABLE": "table", "VOLUME": "volume", "FUNCTION": "model"}
_NOT_IN_ALL = frozenset({"MANAGE"})
"""What ALL PRIVILEGES does not hold."""


@dataclass(frozen=True)
class Granted:
    """What can be seen of one securable: who holds which privilege on it (inherited ones too) and who owns it.

    ``exists`` is False when there is none, or none that we may know of. ``hidden`` says that the grants are not shown.
    """

    privileges: Mapping[str, frozenset[str]]
    owner: str = ""
    exists: bool = True
    hidden: bool = False


def look_at_all(look: Callable[[Securable], Granted], named: Iterable[Securable]) -> dict[Securable, Granted]:
    """What can be seen of everything that is ``named``, and of the schemas and catalogs around it."""
    securables = sorted({each for securable in named for each in (securable, *securable.above)})
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(zip(securables, pool.map(look, securables), strict=True))


def privilege_checks(
    needed: Sequence[Requirement],
    seen: Mapping[Securable, Granted],
    who: Principal,
    me: Principal,
    name: str = "privileges",
) -> Iterator[Check]:
    """What ``who`` lacks of the ``needed``, what nobody tells ``me``, what is not there, or that everything is."""
    states = {requirement: judged(requirement, seen, who, me) for requirement in needed}
    absent = [each for each in needed if not (seen[each.securable].exists or each.made)]
    for state, says in ((CheckState.MISSING, "{} lacks {}"), (CheckState.UNKNOWN, "nobody tells whether {} has {}")):
        if found := [each for each, judgement in states.items() if judgement is state and each not in absent]:
            text = says.format(who.name, _listed(found))
            grants = grant_statements(found, who.name)
            advice = grants if state is CheckState.MISSING else f"If it is missing:\n{grants}"
            yield Check(name, state, printable(text), advice)
    yield from _absences(absent, seen, me, name)
    if states and all(state is CheckState.OK for state in states.values()):
        yield Check(name, CheckState.OK, printable(f"{who.name} has all {len(needed)} that are needed"))


def judged(requirement: Requirement, seen: Mapping[Securable, Granted], who: Principal, me: Principal) -> CheckState:
    """OK only for what is seen to be held, MISSING only for what is seen not to be: in between is UNKNOWN."""
    securable = requirement.securable
    granted, *above = around = [seen[each] for each in (securable, *securable.above)]
    if not granted.exists:
        # Who makes it owns it or grants it; whether it can be made is another requirement. But where nothing around it
        # is shown, it may be there all the same.
        shown = any(each.exists and not each.hidden for each in above)
        return CheckState.OK if requirement.made and shown else CheckState.UNKNOWN
    holders = {name for name, held in granted.privileges.items() if _holds(held, requirement.privilege)}
    if (holders | {granted.owner}) & who.names:
        return CheckState.OK
    if requirement.privilege == "MANAGE" and any(_rules(each, who) for each in above):
        return CheckState.OK
    rules = any(_rules(each, me) for each in around)
    if requirement.deployed and rules and me.name != who.name:
        return CheckState.OK  # the deployment grants it
    perhaps = any(who.may_be_in(name) for name in {*holders, granted.owner} - {""})
    shown_all = rules or me.name == who.name
    return CheckState.UNKNOWN if granted.hidden or perhaps or not shown_all else CheckState.MISSING


def _absences(
    absent: Iterable[Requirement], seen: Mapping[Securable, Granted], me: Principal, name: str
) -> Iterator[Check]:
    """What is not there and what nobody makes, the outermost only: no grant helps with that."""
    tasks = {each.securable: each.tasks[0] for each in absent}
    for securable, task in sorted(tasks.items()):
        if tasks.keys().isdisjoint(securable.above):
            sure = any(_rules(seen[each], me) for each in securable.above)
            what = f"{_WORDS[securable.kind]} {securable.name}"
            found = f"there is no {what}, which {task} needs" + ("" if sure else ", or this login may not see it")
            advice = f"Make the {_WORDS[securable.kind]} before {task} runs, or correct its name."
            state = CheckState.WARNING if sure else CheckState.UNKNOWN
            yield Check(name, state, printable(found), printable(advice))


def grant_statements(needed: Iterable[Requirement], principal: str) -> str:
    """SQL that gives ``principal`` what is ``needed``: a statement a line, those of one securable together."""
    by_securable: dict[Securable, list[str]] = {}
    for each in needed:
        by_securable.setdefault(each.securable, []).append(each.privilege.replace("_", " "))
    return "\n".join(
        f"GRANT {', '.join(privileges)} ON {securable.kind} {quoted_name(securable.name)} TO {quoted(principal)};"
        for securable, privileges in sorted(by_securable.items())
    )


def quoted_name(name: str) -> str:
    """A name of up to three parts, each quoted."""
    return ".".join(map(quoted, name.split(".")))


def quoted(identifier: str) -> str:
    """An identifier of SQL, whatever characters it has."""
    return f"`{printable(identifier).replace('`', '``')}`"


def look_at(client: "WorkspaceClient", securable: Securable) -> Granted:
    """Grants and owner of ``securable``, as far as they are shown to whoever is logged in."""
    from databricks.sdk.errors import NotFound, PermissionDenied

    try:
        owner = _owner(client, securable)
    except NotFound:
        return Granted({}, exists=False)
    except PermissionDenied:
        owner = ""
    try:
        return Granted(_effective(client, securable), owner)
    except NotFound:
        return Granted({}, exists=False)
    except PermissionDenied:
        return Granted({}, owner, hidden=True)


def _effective(client: "WorkspaceClient", securable: Securable) -> dict[str, frozenset[str]]:
    held: dict[str, set[str]] = {}
    token: str | None = None
    while True:
        page = client.grants.get_effective(securable.kind.lower(), securable.name, page_token=token)
        for each in page.privilege_assignments or ():
            names = {p.privilege.value for p in each.privileges or () if p.privilege}
            held.setdefault(each.principal or "", set()).update(names)
        if not (token := page.next_page_token):
            return {name: frozenset(privileges) for name, privileges in held.items()}


def _owner(client: "WorkspaceClient", securable: Securable) -> str:
    get: Callable[[str], object] = {
        "CATALOG": client.catalogs.get,
        "SCHEMA": client.schemas.get,
        "TABLE": client.tables.get,
        "VOLUME": client.volumes.read,
        "FUNCTION": client.registered_models.get,
    }[securable.kind]
    return str(getattr(get(securable.name), "owner", "") or "")


def _rules(granted: Granted, who: Principal) -> bool:
    """Whether ``who`` owns or manages it, and so sees all that is in it."""
    return granted.owner in who.names or any("MANAGE" in granted.privileges.get(name, ()) for name in who.names)


def _holds(held: frozenset[str], privilege: str) -> bool:
    return privilege in held or ("ALL_PRIVILEGES" in held and privilege not in _NOT_IN_ALL)


def _listed(needed: Sequence[Requirement]) -> str:
    named = [f"{each.privilege.replace('_', ' ')} on {each.securable.name}" for each in needed[:_MOST_SHOWN]]
    return ", ".join(named) + (f" and {len(needed) - _MOST_SHOWN} more" if len(needed) > _MOST_SHOWN else "")
