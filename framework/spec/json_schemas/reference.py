"""The pages of ``docs/reference``, written from the schemas: a table for each mapping that a file may hold."""

import json
from collections.abc import Iterator
from typing import Any

from framework.spec.json_schemas.shipped import APPLIES_TO
from framework.spec.json_schemas.values import Schema


def page(name: str, schema: Schema) -> str:
    """Everything that the files of one sort may say, in Markdown."""
    files = ", ".join(f"`{pattern}`" for pattern in APPLIES_TO[name] if pattern.endswith(".yml") and pattern[0] != "!")
    head = f"# {schema['title']}\n\n{files}. Required fields are **bold**. This page is made from the code.\n"
    parts = [("", schema), *_below("", schema), *_tasks(schema.get("definitions", {}))]
    return "\n".join([head, *(_part(path, each) for path, each in parts)])


def _tasks(definitions: dict[str, Schema]) -> Iterator[tuple[str, Schema]]:
    """What each task may say, and then what it may say besides, kind by kind."""
    if not definitions or "task.fields" not in definitions:
        return
    yield "tasks[]", {**definitions["task.fields"], "required": definitions["task"]["required"]}
    yield from _below("tasks[]", definitions["task.fields"])
    for name, schema in definitions.items():
        if name.startswith("task.") and name != "task.fields":
            kind = name.removeprefix("task.")
            heading = "without kind" if kind == "native" else f"kind: {kind}"
            own = {field: each for field, each in schema["properties"].items() if "description" in each}
            yield heading, {**schema, "properties": own}
            yield from _below(heading, {"properties": own})


def _below(path: str, schema: Schema) -> Iterator[tuple[str, Schema]]:
    """The mappings inside of a mapping, outermost first."""
    for name, each in schema["properties"].items():
        for step, inner in _mappings(each):
            way = f"{path}{'.' if path else ''}{name}{step}"
            yield way, inner
            yield from _below(way, inner)


def _mappings(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Those of ours that a value may be or hold: the Jobs service's own have no descriptions here."""
    if any("description" in each for each in schema.get("properties", {}).values()):
        yield "", schema
    for each in schema.get("anyOf", ()):
        yield from _mappings(each)
    for keyword, step in (("items", "[]"), ("additionalProperties", ".*")):
        if isinstance(inside := schema.get(keyword), dict):
            yield from ((step + further, inner) for further, inner in _mappings(inside))


def _part(path: str, schema: Schema) -> str:
    heading = f"## `{path}`\n\n" if path else ""
    about = f"{schema['description']}\n\n" if path and "description" in schema else ""
    rows = (_row(name, each, name in schema.get("required", ())) for name, each in schema["properties"].items())
    return f"{heading}{about}| field | what it says | for example |\n|---|---|---|\n{''.join(rows)}"


def _row(name: str, schema: Schema, required: bool) -> str:
    shown = f"**`{name}`**" if required else f"`{name}`"
    words = [word for each in (schema, *schema.get("anyOf", ())) for word in each.get("enum", ())]
    text = schema["description"].replace("|", r"\|")
    one_of = f" One of {', '.join(f'`{word}`' for word in words)}." if words else ""
    default = f" Default: `{_value(schema['default'])}`." if "default" in schema else ""
    examples = "<br>".join(f"`{_value(each)}`" for each in schema.get("examples", ()))
    return f"| {shown} | {text}{one_of}{default} | {examples} |\n"


def _value(value: Any) -> str:
    """YAML on one line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.replace("|", r"\|")
