"""What the phases before a run ask of a kind, so that none of them has to know a kind by name."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

Siblings = Mapping[str, Any]
"""The options of a pipeline's tasks, by task key."""
_ALIAS = re.compile("[A-Za-z0-9_-]+")
_RESERVED = re.compile("v[0-9]+|latest", re.IGNORECASE)


@dataclass(frozen=True)
class Problem:
    """Options that do not go together: the ``field`` at fault (empty: the whole task), what is wrong, what to do."""

    field: str
    summary: str
    hint: str = ""


class KindOptions:
    """The answers of a kind that has nothing to say.

    ``offers`` is what other tasks find by ``model_from``: a "model", a "verdict" on it, or a registered "version".
    ``passes`` are arguments that its function gets beside those in ``reads`` and ``params``.
    """

    offers: ClassVar[str] = ""
    passes: ClassVar[tuple[str, ...]] = ()

    def completed(self, siblings: Siblings) -> Self:
        """These options with what follows from those of the pipeline's other tasks."""
        return self

    def problems(self) -> Iterator[Problem]:
        """What is wrong with these options, once they are complete."""
        yield from ()


def alias_problems(field: str, alias: str) -> Iterator[Problem]:
    """What is wrong with a model's ``alias``, which ``field`` names."""
    if not _ALIAS.fullmatch(alias):
        yield Problem(field, f"'{alias}' is no alias", "Letters, digits, _ and - only, as in champion.")
    elif _RESERVED.fullmatch(alias):
        yield Problem(field, f"MLflow keeps the name '{alias}' for itself", "Take another one, such as champion.")


def offering(what: str, model_from: str, siblings: Siblings) -> dict[str, Any]:
    """The siblings that offer ``what`` about the model of the task ``model_from``."""
    return {k: o for k, o in siblings.items() if o.offers == what and getattr(o, "model_from", "") == model_from}


def experiment_of(task_key: str, siblings: Siblings) -> str | None:
    """The experiment that the task ``task_key`` logs to."""
    return getattr(siblings.get(task_key), "experiment", None)
