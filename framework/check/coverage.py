"""What of a checkout was not looked at, so that nobody takes silence for praise."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from framework.check.pipeline import RULES_OF_CHECKOUT, RULES_TOGETHER
from framework.check.policy.waiver_places import CheckoutPlaces
from framework.spec.files import usable_yaml_files
from framework.spec.loader import ProjectSource, project_names
from framework.spec.target_spec import known_targets


@dataclass(frozen=True)
class Coverage:
    """What was left out.

    ``unchecked`` are pipelines in whose files something is wrong, so that most rules could not look at them; ``empty``
    are projects without a pipeline; ``partial`` are rules that would have looked at more than was asked for.
    """

    unchecked: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()


ALL = Coverage()
"""Nothing was left out."""


def places(root: Path, sources: Collection[ProjectSource]) -> CheckoutPlaces:
    """What there is in the checkout; ``sources`` are the pipelines that could be read."""
    tasks: dict[str, dict[str, frozenset[str] | None]] = {
        # What is wrong with a file's name was found before.
        name: dict.fromkeys(usable_yaml_files(root / "projects" / name / "pipelines", root, []))
        for name in project_names(root)
    }
    for source in sources:
        of_project = tasks[source.project.name]
        of_project[source.pipeline.name] = frozenset(task.task_key for task in source.pipeline.tasks)
    return CheckoutPlaces(known_targets(root), tasks)


def coverage(there: CheckoutPlaces, project: str | None, pipeline: str | None, checked: Collection[str]) -> Coverage:
    """What was left out where ``project`` and ``pipeline`` were asked for, and the ``checked`` ones could be read."""
    asked = {name: pipelines for name, pipelines in there.pipelines.items() if project in (None, name)}
    names = [f"{name}/{each}" for name in asked for each in asked[name] if pipeline in (None, each)]
    has_siblings = pipeline is not None and any(len(pipelines) > 1 for pipelines in asked.values())
    has_others = len(asked) < len(there.pipelines)
    return Coverage(
        unchecked=tuple(name for name in names if name not in checked),
        empty=tuple(name for name, pipelines in asked.items() if not pipelines),
        partial=tuple(_names(has_siblings, has_others)),
    )


def _names(has_siblings: bool, has_others: bool) -> Iterator[str]:
    together: tuple[Callable[..., object], ...] = RULES_TOGETHER if has_siblings else ()
    of_checkout: tuple[Callable[..., object], ...] = RULES_OF_CHECKOUT if has_siblings or has_others else ()
    yield from (getattr(rule, "__name__", "") for rule in (*together, *of_checkout))
