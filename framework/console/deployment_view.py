"""Deployments, releases and what is live, for a person."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from framework.console.plan_view import show_plan
from framework.console.results import several
from framework.core.moments import shown
from framework.deploy.deployment import Deployed
from framework.deploy.destroy import Destroyed
from framework.deploy.status import Status
from framework.records.releases import Deployment

_RESULTS = {"succeeded": "green", "failed": "red", "running": "yellow"}


def show_deployed(console: Console, done: Deployed) -> None:
    """What was done, and where to look at it; its plan was shown before."""
    deployment = done.deployment
    where = f"{deployment.project} on {deployment.target}"
    if not done.changed:
        of = f" for commit {deployment.commit[:12]}" if deployment.commit and not deployment.dirty else ""
        record = f"its record{of} is of {shown(deployment.ended_at)}"
        console.print(Text(f"Nothing to do: release {deployment.release} is live already; {record}."))
        return
    for name in done.removed:
        console.print(Text(f"Deleted a job that an interrupted deployment had left: {name}"))
    for name, url in done.links.items():
        console.print(Text(f"  {name}  {url}"), soft_wrap=True)
    verb = "Rolled back" if deployment.kind == "rollback" else "Deployed"
    took = _duration(deployment)
    console.print(Text.assemble((f"{verb}", "green"), f": {where}, release {deployment.release}{took}."))


def show_releases(
    console: Console, deployments: Sequence[Deployment], live: Deployment | None, *, going_on: bool
) -> None:
    """Which release was live when, the newest first; ``going_on`` says that somebody is at work on that one now."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("", "release", "began", "what", "result", "commit", "who", "models"):
        table.add_column(column, overflow="fold")
    for each in reversed(deployments):
        commit = each.commit[:12] + ("+" if each.dirty else "")
        models = "; ".join(
            f"{model}: {', '.join(f'{alias} {version}' for alias, version in aliases.items())}"
            for model, aliases in each.model_aliases.items()
            if aliases
        )
        mark = Text("live", "green") if live and each.id == live.id else Text("")
        open_end = "going on" if going_on and each is deployments[-1] else "broken off"
        result = Text(open_end if each.result == "running" else each.result, _RESULTS[each.result])
        began, kind = shown(each.started_at), each.described
        table.add_row(mark, Text(each.release), began, kind, result, commit, Text(each.who), Text(models))
    console.print(table)


def show_status(console: Console, status: Status) -> None:
    """What is live, whether it is as it was deployed, and what goes on."""
    live = status.live
    if live is None:
        said = f"{status.project} is not deployed on {status.target}"
        doubt = f", or you may not see it: {status.unseen}" if status.unseen else "."
        console.print(Text(said + doubt), soft_wrap=True)
    else:
        commit = f", commit {live.commit[:12]}{' with changes' if live.dirty else ''}" if live.commit else ""
        console.print(Text(f"Live on {status.target}: release {live.release} of {status.project}{commit}"))
        console.print(Text(f"  since {shown(live.ended_at)}, by {live.who}, with {live.described}"))
        _show_drift(console, status)
        for name, runs in status.runs.items():
            running = f"running: {', '.join(map(str, runs))}" if runs else "no active run"
            console.print(Text(f"  {name}: {running}"))
        for name in status.hidden_jobs:
            console.print(Text(f"  {name}: not there, or you may not see it", "yellow"))
    for line in status.unreadable:
        console.print(Text(f"Left out, so this may not be the last word: {line}", "yellow"), soft_wrap=True)
    for line in _open_ends(status):
        console.print(Text(line, "yellow"), soft_wrap=True)


def show_destroyed(console: Console, found: Destroyed, done: bool) -> None:
    """What goes, or went, and what stays."""
    for key, name in found.removed.items():
        inside = _inside(found, key)
        console.print(Text.assemble(("- " + ("deleted " if done else "delete  "), "red"), f"{key} ({name}){inside}"))
    for key, name in found.left.items():
        why = f": {found.reasons[key]}" if key in found.reasons else ""
        console.print(Text.assemble(("· " + ("left    " if done else "leave   "), "cyan"), f"{key} ({name}){why}"))
    what = several(len(found.removed), "resource")
    rest = f", {len(found.left)} with data {'stay' if not done else 'stayed'}" if found.left else ""
    console.print(f"\n{what} of {found.project} on {found.target} {'deleted' if done else 'to delete'}{rest}.")


def _inside(found: Destroyed, key: str) -> str:
    """What a schema takes along."""
    if not key.startswith("schemas."):
        return ""
    if key not in found.contents:
        return ", with whatever is in it: nobody would tell"
    counts = [several(count, noun) for noun, count in found.contents[key].items()]
    return f", with {', '.join(counts)}" if counts else ", which is empty"


def _open_ends(status: Status) -> Iterator[str]:
    """What goes on, and what began and did not end well."""
    words = f"{status.project} -e {status.target}"
    proof = f" ({status.ended[1]})" if status.ended else ""
    last = status.unfinished[-1] if status.unfinished else None
    if last:
        began = f"The {last.kind} of {shown(last.started_at)} by {last.who}"
        again = f"next: framework {last.kind} {words}{f' --to {last.release}' if last.kind == 'rollback' else ''}"
        if last.result == "running" and status.deploying:
            yield f"{began} is going on"
        elif last.result == "running":
            yield f"{began} is broken off{proof}; {again}"
        else:
            yield f"{began} did not end well: {last.error}; {again}"
    elif status.ended:
        yield f"What {status.ended[0].described} began is broken off{proof}; next: framework deploy {words}"
    if status.deploying:
        yield f"At work: {status.deploying.described}"


def _show_drift(console: Console, status: Status) -> None:
    if status.drift is None and status.doubt:
        console.print(Text(f"  Nobody can say whether it was changed: {status.doubt}", "yellow"), soft_wrap=True)
    elif status.drift is None:
        said = "  Its release is no longer in the store, or you may not see it: nobody can say whether it was changed."
        console.print(said, soft_wrap=True)
    elif not status.drift.changes:
        console.print("  Nothing in the workspace differs from it.")
    else:
        said = f"  Changed in the workspace since; putting release {status.drift.release} back would do this:"
        console.print(Text(said, "yellow"))
        show_plan(console, status.drift)


def _duration(deployment: Deployment) -> str:
    if not deployment.ended_at:
        return ""
    took = datetime.fromisoformat(deployment.ended_at) - datetime.fromisoformat(deployment.started_at)
    return f", in {took.total_seconds():.0f} s"
