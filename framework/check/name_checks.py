"""Rules about tables and models that nobody makes, where the project makes one of nearly the same name."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from framework.check.finding import finding, warning
from framework.core.diagnostics import Diagnostic
from framework.resolve.dependencies import same_name
from framework.resolve.resolved import ResolvedPipeline, ResolvedTask
from framework.spec.node_path import NodePath
from framework.spec.yaml_source import Document

_WORD = re.compile(r"[^\W\d_]+|\d+")
_ALIKE = 0.8
"""Of two words, by difflib's ratio: in a short one, another letter makes another word."""
_LONG = 100
"""Names that nobody types."""


@dataclass(frozen=True)
class _Named:
    """A table, or a model at an ``alias``, that a task names at ``path`` without writing it; no catalog in ``name``."""

    pipeline: ResolvedPipeline
    path: NodePath
    to: str
    name: str
    at: str


def names_nobody_makes(pipelines: Sequence[ResolvedPipeline]) -> Iterator[Diagnostic]:
    """A table, model or alias that is read, and differs by a letter or two from one that the project makes.

    One that is like no other may come from elsewhere.
    """
    made: dict[str, dict[str, str]] = {"table": {}, "model": {}}
    made["table"] |= {same_name(name): name for _, name, _ in declared_sources(pipelines)}
    aliases: dict[str, list[str]] = {}
    for _, task in _tasks(pipelines):
        for to, written in task.writes:
            name = without_catalog(written)
            made[to].setdefault(same_name(name), name)
            if alias := getattr(task.options, "alias", ""):
                aliases.setdefault(same_name(name), []).extend((alias, f"previous_{alias}"))
    slips = {to: _slips(names) for to, names in made.items()}
    for each in _named(pipelines):
        key, given = same_name(each.name), aliases.get(same_name(each.name), [])
        if key not in made[each.to] and (meant := _meant(key, slips[each.to])):
            makers = "no task and no source" if each.to == "table" else "no task"
            summary = f"{makers} makes {each.to} '{each.name}' (did you mean '{made[each.to][meant]}'?)"
            hint = "It would have to be there already, and nothing waits for it."
            yield warning(each.pipeline, each.path, summary, hint)
        elif each.at and each.at not in given and (meant := _meant(each.at, _slips(given))):
            summary = f"no task gives model '{each.name}' the alias '{each.at}' (did you mean '{meant}'?)"
            yield warning(each.pipeline, each.path, summary, f"It is registered as: {', '.join(given[::2])}.")


def models_are_read_at_a_version(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A model that is read without alias and version: nothing says which of its versions is meant."""
    for _, task in _tasks([pipeline]):
        for path, reference, read in task.names:
            if (reference.to, reference.role) == ("model", "reads") and not re.search("[@/]", read):
                name = without_catalog(read)
                summary = f"model '{name}' is read with neither alias nor version"
                yield finding(pipeline, (*task.path, *path), summary, f"Write {name}@champion or {name}/1.")


def without_catalog(name: str) -> str:
    """``schema.table`` of a name in three parts, which is the same for every target."""
    return name.partition(".")[2]


def declared_sources(pipelines: Sequence[ResolvedPipeline]) -> Iterator[tuple[Document, str, Mapping[str, Any]]]:
    """The sources of the project, also those that no pipeline reads: its file, the table's name, what is written."""
    for document in [each.project_document for each in pipelines[:1]]:
        for name, source in ((document.value or {}).get("sources") or {}).items():
            yield document, name, source


def _tasks(pipelines: Iterable[ResolvedPipeline]) -> Iterator[tuple[ResolvedPipeline, ResolvedTask]]:
    return ((pipeline, task) for pipeline in pipelines for task in pipeline.tasks if task.kind)


def _named(pipelines: Iterable[ResolvedPipeline]) -> Iterator[_Named]:
    for pipeline, task in _tasks(pipelines):
        for path, reference, text in task.names:
            if reference.to in ("table", "model") and reference.role != "writes":
                name, _, at = without_catalog(text).partition("/")[0].partition("@")
                yield _Named(pipeline, (*task.path, *path), reference.to, name, at)
                beats = getattr(task.options, "beats", None)
                if reference.role == "mentions" and (alias := getattr(beats, "alias", "")):
                    yield _Named(pipeline, (*task.path, "beats", "alias"), reference.to, name, alias)


def _slips(names: Iterable[str]) -> dict[str, list[str]]:
    """The names by what each of them is with a letter left out: two that are one slip apart have that in common."""
    found: dict[str, list[str]] = {}
    for name in names:
        for short in _shortened(name):
            found.setdefault(short, []).append(name)
    return found


def _shortened(name: str) -> Iterable[str]:
    return dict.fromkeys((name, *(name[:at] + name[at + 1 :] for at in range(len(name)))) if len(name) < _LONG else ())


def _meant(name: str, slips: Mapping[str, list[str]]) -> str:
    """The name that ``name`` is a misspelling of, or nothing."""
    return next((o for short in _shortened(name) for o in slips.get(short, ()) if _is_misspelt(name, o)), "")


def _is_misspelt(name: str, other: str) -> bool:
    """Names that belong together differ by a whole word or a number: a and b, 2023 and 2024."""
    words, others = _WORD.findall(name), _WORD.findall(other)
    if len(words) != len(others):
        return name.replace("_", "") == other.replace("_", "")
    differing = [pair for pair in zip(words, others, strict=True) if pair[0] != pair[1]]
    return all(word.isalpha() and SequenceMatcher(None, word, o).ratio() >= _ALIKE for word, o in differing)
