"""Where a waiver holds: its targets, and the project, pipeline and task that it names, which have to be there."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from framework.spec.node_path import quoted
from framework.spec.patterns import is_among
from framework.spec.policy_spec import Waiver
from framework.spec.suggestions import did_you_mean, listed


@dataclass(frozen=True)
class CheckoutPlaces:
    """What a checkout holds: its targets, and the tasks of each project's pipelines.

    The tasks are None for a pipeline whose file cannot be read: nobody knows them then.
    """

    targets: tuple[str, ...]
    pipelines: Mapping[str, Mapping[str, frozenset[str] | None]]

    @cached_property
    def names(self) -> frozenset[str]:
        """Every project, project/pipeline and project/pipeline/task that is known."""
        return frozenset(_names(self.pipelines))


def unknown_place(waiver: Waiver, there: CheckoutPlaces) -> tuple[str, str] | None:
    """What of the waiver's targets and place does not exist, and what there is; None when all of it does."""
    return next(_unknown(waiver, there), None)


def _unknown(waiver: Waiver, there: CheckoutPlaces) -> Iterator[tuple[str, str]]:
    for target in waiver.targets:
        yield from _missing("target", target, there.targets)
    if waiver.at in there.names:
        return
    project, pipeline, task = (*waiver.at.split("/"), "*", "*")[:3]
    yield from _missing("project", project, there.pipelines)
    pipelines = [each for name, each in there.pipelines.items() if is_among(name, [project])]
    yield from _missing("pipeline", pipeline, {name for each in pipelines for name in each}, f" in {quoted(project)}")
    tasks = [keys for each in pipelines for name, keys in each.items() if is_among(name, [pipeline])]
    if None not in tasks:
        where = f" in {quoted(f'{project}/{pipeline}')}"
        yield from _missing("task", task, {key for keys in tasks for key in keys or ()}, where)


def _names(projects: Mapping[str, Mapping[str, frozenset[str] | None]]) -> Iterator[str]:
    for project, pipelines in projects.items():
        yield project
        for pipeline, tasks in pipelines.items():
            yield f"{project}/{pipeline}"
            yield from (f"{project}/{pipeline}/{task}" for task in tasks or ())


def _missing(what: str, name: str, names: Collection[str], where: str = "") -> Iterator[tuple[str, str]]:
    if name != "*" and not _is_there(name, names):
        hint = f"There are: {listed(sorted(names))}." if names else ""
        yield f"no {what} {quoted(name)}{where}{did_you_mean(name, sorted(names))}", hint


def _is_there(name: str, names: Collection[str]) -> bool:
    return name in names or ("*" in name and any(is_among(each, [name]) for each in names))
