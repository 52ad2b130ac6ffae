"""Rules for the names that users give to things."""

import re
from collections.abc import Iterator
from itertools import islice

from framework.core.diagnostics import Diagnostic
from framework.core.identifiers import ModelName, Reference, TableName, split_entrypoint
from framework.spec.entry import Entry
from framework.spec.node_path import quoted
from framework.spec.references import references
from framework.spec.validation import MAX_FINDINGS

RESERVED_PREFIX = "framework."

NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
TASK_KEY = re.compile(r"[A-Za-z0-9_-]{1,100}")
TASK_KEY_HINT = "Letters, digits, _ and -; at most 100."
PARAMETER = re.compile(r"[A-Za-z0-9_.-]{1,100}")


def check_name(entry: Entry, field: str, same_as: str, whose: str, findings: list[Diagnostic]) -> None:
    """The name in ``field`` is well formed and equals ``same_as``, which is the name of ``whose``."""
    name = entry.fields.get(field)
    if not isinstance(name, str):
        return
    if not NAME.fullmatch(name):
        hint = "Lower-case letters, digits and _, beginning with a letter; at most 100."
        findings.append(entry.finding(f"{quoted(name)} is not a valid name", hint, (field,)))
    elif name != same_as:
        hint = f"Write {field}: {same_as}, or rename {whose}."
        findings.append(entry.finding(f"name {quoted(name)} differs from {whose}", hint, (field,)))


def check_task_key(entry: Entry, findings: list[Diagnostic]) -> None:
    """The task's key is one that the Jobs service accepts."""
    key = entry.fields.get("task_key")
    if isinstance(key, str) and not TASK_KEY.fullmatch(key):
        findings.append(entry.finding(f"{quoted(key)} is not a valid task key", TASK_KEY_HINT, ("task_key",)))


def check_parameters(entry: Entry, findings: list[Diagnostic]) -> None:
    """The names of ``parameters`` are ones that the Jobs service accepts and that are free."""
    parameters = entry.fields.get("parameters")
    if isinstance(parameters, dict):
        findings.extend(islice(_bad_parameters(entry.at(("parameters",))), MAX_FINDINGS))


def check_references(options: object, entry: Entry, findings: list[Diagnostic]) -> None:
    """Every table, model, task and function named in ``options``, which were read from ``entry``, is well formed."""
    problems = ((path, _problem(reference, name)) for path, reference, name in references(options))
    findings.extend(islice((entry.finding(p, below=path) for path, p in problems if p), MAX_FINDINGS))


def check_table(entry: Entry, name: str, findings: list[Diagnostic]) -> None:
    """``name``, a key of this mapping, is a table name."""
    if problem := _problem(Reference("table"), name):
        findings.append(entry.key_finding(problem, "", name))


def _bad_parameters(entry: Entry) -> Iterator[Diagnostic]:
    for name in entry.fields:
        if not PARAMETER.fullmatch(name):
            hint = "Letters, digits, _, - and . only; at most 100."
            yield entry.key_finding(f"{quoted(name)} is not a valid parameter name", hint, name)
        elif name.startswith(RESERVED_PREFIX):
            hint = f"Names that begin with '{RESERVED_PREFIX}' are reserved."
            yield entry.key_finding(f"parameter name {quoted(name)} is reserved", hint, name)


def _problem(reference: Reference, name: str) -> str:
    try:
        if reference.to == "table":
            TableName.parse(name, "")
        elif reference.to == "model":
            model = ModelName.parse(name, "")
            if reference.role == "writes" and (model.alias or model.version):
                return f"{quoted(name)} names one version of a model; what is registered is schema.model"
        elif reference.to == "entrypoint":
            split_entrypoint(name)
        elif not TASK_KEY.fullmatch(name):
            return f"{quoted(name)} is not a task key. {TASK_KEY_HINT}"
    except ValueError as error:
        return str(error).replace(f"'{name}'", quoted(name))
    return ""
