"""Real files with something wrong in them: there may be findings, each at a place that exists, and nothing else.

``make soak`` looks longer than ``make test``. The same test takes bytes from a fuzzer:
``test_no_file_makes_validate_stumble.hypothesis.fuzz_one_input``.
"""

import re
import tempfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.core.errors import FrameworkError
from framework.phases import Asked, validate

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "tests/e2e/shop"
CASES = sorted(path for path in (ROOT / "tests/check/golden").iterdir() if path.is_dir())
EXAMPLE = "projects/example_demand_forecast"
READ = (".yml", ".py", ".ipynb", ".sql", ".toml")

ODD: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    2**63,
    1e308,
    "",
    " ",
    "no",
    "007",
    "a" * 5000,
    "ü\u202e\u200b",
    "\x1b[31m",
    "'",
    '"',
    "*",
    "${var.x}",
    "${var.",
    "${env:HOME}",
    "${resources.jobs.demand.id}",
    "{{job.parameters.as_of}}",
    "{{tasks.a.values.b}}",
    "{{",
    "}}",
    "{{input}}",
    "../../../etc/passwd",
    "/",
    ".",
    "a/b",
    "a.b",
    "a.b.c.d",
    "a:b",
    ":",
    "@",
    "shop.demand:x",
    "0 0 0 * * ?",
    "2024-02-30",
    [],
    {},
    [[]],
    [None],
    {"": ""},
    {"a": {"b": [1]}},
    {"task_key": "train"},
    {"default": "x"},
    ["x"] * 30,
    "[1, 2]",
    "[" * 500,
    "dev",
    "local",
    "prod",
    "error",
    "off",
    "**",
    "(a",
    "[red]",
]
FRAGMENTS = [
    b"",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\r",
    b"\r\n",
    b"\n",
    b"\t",
    b"\x0c",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b": ",
    b"- ",
    b"'",
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b"&a ",
    b"*a",
    b"<<: ",
    b"!!python/name:os.system ",
    b"---\n",
    b"# ",
    b"|\n",
    b"%",
    b"@",
    b"\\",
    b"${var.x}",
    b"{{job.x}}",
    b"(",
    b")",
    b"def f(",
    b"import x\n",
    b"if __name__ == '__main__':\n",
    b"spark.sql('select 1')\n",
    b"%run ./a\n",
    b"# COMMAND ----------\n",
    b"# MAGIC %sql\n",
    b"password = 'abc12345'\n",
    b"lambda: ",
    b"class A:\n",
    b'"""',
]


def checkouts() -> list[dict[str, bytes]]:
    """Each as its files: the example, a small project, and that one with what breaks each rule."""
    shop = dict(files_of(SHOP))
    example = {
        path: text
        for path, text in files_of(ROOT)
        if path.startswith((EXAMPLE, "conf/")) and not path.startswith(f"{EXAMPLE}/data")
    }
    return [example, shop, *({**shop, **dict(files_of(case))} for case in CASES)]


def files_of(root: Path) -> Iterator[tuple[str, bytes]]:
    for folder in (root / "conf", root / "projects"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in READ and ".framework" not in path.parts:
                yield path.relative_to(root).as_posix(), path.read_bytes()


CHECKOUTS = checkouts()


@st.composite
def broken_checkouts(draw: Callable[..., Any]) -> dict[str, bytes]:
    files = dict(draw(st.sampled_from(CHECKOUTS)))
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(files)))
        change = with_odd_nodes if name.endswith(".yml") and draw(st.booleans()) else with_odd_bytes
        files[name] = change(draw, files[name])
    return files


def with_odd_bytes(draw: Callable[..., Any], text: bytes) -> bytes:
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 30)))
        piece = draw(st.sampled_from(FRAGMENTS) | st.binary(max_size=4) | st.just(text[start:end] * 2))
        text = text[:start] + piece + text[end:]
    return text


def with_odd_nodes(draw: Callable[..., Any], text: bytes) -> bytes:
    try:
        tree = {"": yaml.safe_load(text)}
    except (yaml.YAMLError, ValueError):
        return with_odd_bytes(draw, text)
    for _ in range(draw(st.integers(1, 3))):
        places = list(nodes(tree))
        holder, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["delete", "replace", "rename", "swap", "repeat", "add"])):
            case "delete" if key != "":
                del holder[key]
            case "rename" if isinstance(holder, dict) and key != "":
                holder[draw(st.sampled_from(ODD).filter(lambda odd: isinstance(odd, str | int)))] = holder.pop(key)
            case "swap":
                other, there = draw(st.sampled_from(places))
                holder[key], other[there] = deepcopy(other[there]), deepcopy(holder[key])
            case "repeat" if isinstance(holder, list):
                holder.append(deepcopy(holder[key]))
            case "add" if isinstance(holder[key], dict):
                holder[key][draw(st.sampled_from(FIELDS))] = deepcopy(draw(st.sampled_from(ODD)))
            case _:
                holder[key] = deepcopy(draw(st.sampled_from(ODD)))
    return yaml.safe_dump(tree[""], allow_unicode=True, sort_keys=False).encode("utf-8", "replace")


def nodes(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in ``value``: what holds it, and its key or index there."""
    for key, below in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(below, dict | list):
            yield from nodes(below)


def fields() -> list[str]:
    """Keys that mean something somewhere."""
    found: set[str] = set()
    for files in CHECKOUTS:
        for name, text in files.items():
            if name.endswith(".yml"):
                found.update(re.findall(r"[a-z_]+(?=:)", text.decode("utf-8", "replace")))
    return sorted(found)


FIELDS = fields()


def look(files: dict[str, bytes]) -> None:
    """Validate a checkout of these files, and look at every finding."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
        try:
            found = validate(Asked(directory=Path(folder))).found
        except FrameworkError as error:
            found = error.diagnostics()
    for finding in found:
        assert all(c == "\n" or c.isprintable() for c in str(finding)), repr(str(finding))
        if place := finding.location:
            assert place.file in files, finding
            lines = re.split(r"\r\n|\r|\n", files[place.file].decode("utf-8", "replace"))
            assert 1 <= place.line <= len(lines), finding
            assert 1 <= place.column <= len(lines[place.line - 1]) + 1, finding


IN_A_TEST = settings(
    max_examples=200, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@IN_A_TEST
@given(broken_checkouts())
def test_no_file_makes_validate_stumble(files: dict[str, bytes]) -> None:
    look(files)


@pytest.mark.soak
@settings(IN_A_TEST, max_examples=20_000, derandomize=False)
@given(broken_checkouts())
def test_no_file_makes_validate_stumble_for_long(files: dict[str, bytes]) -> None:
    look(files)
