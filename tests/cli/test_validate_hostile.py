"""Whole checkouts made to hurt: the command answers in words, soon and in little memory.

The bounds are far above what each case takes (less than a second), so that only what grows without bound fails.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SHOP = Path(__file__).parents[1] / "e2e/shop"
SERVER = """
import json, os, resource, sys
from framework.cli.app import app
import framework.phases, framework.console.findings, framework.console.streams, databricks.bundles.jobs
for line in sys.stdin:
    if (pid := os.fork()) == 0:
        os.chdir(json.loads(line))
        os.dup2(os.open("output.txt", os.O_CREAT | os.O_WRONLY | os.O_TRUNC), 1), os.dup2(1, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
        try:
            app(["validate"])
        except SystemExit as exit:
            sys.stdout.flush(), sys.stderr.flush()
            os._exit(exit.code)
        os._exit(9)
    _, status, usage = os.wait4(pid, 0)
    print(json.dumps([os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss]), flush=True)
"""
"""Start-up is done once: each line is a checkout, looked at in a process of its own."""

PIPELINE, PROJECT, TARGET, POLICY = (
    "projects/shop/pipelines/nightly.yml", "projects/shop/project.yml", "conf/dev.yml", "conf/policy.yml",
)  # fmt: skip
SOURCE = "projects/shop/src/shop/"
NOTEBOOK = "  - {task_key: a, notebook_task: {notebook_path: ../src/n.py}}\n"
JUPYTER = NOTEBOOK.replace("n.py", "n.ipynb")
SQL = "  - {task_key: a, sql_task: {file: {path: ../src/n.sql}, warehouse_id: a}}\n"
HEADER = "# Databricks notebook source\n"
ANY = "  - {task_key: a, notebook_task: {notebook_path: /a}}\n"
PROD = "host: https://example.com\nmode: production\ncatalog: prod\n"
LAUGHS = "variables:\n  v0: lol\n" + "".join(f'  v{i + 1}: "{f"${{var.v{i}}}" * 10}"\n' for i in range(15))


def pipeline(tasks: str = ANY, head: str = "") -> str:
    return f"name: nightly\n{head}tasks:\n{tasks}"


def cells(source: str, count: int = 1) -> str:
    return json.dumps({"metadata": {}, "cells": [{"cell_type": "code", "source": source, "outputs": []}] * count})


def odd_keys(key: str) -> dict[str, str]:
    return {
        PIPELINE: pipeline(
            f"  - {{task_key: {key}, depends_on: [{key}], notebook_task: {{notebook_path: {key}, {key}: 1}}}}\n"
            f"  - {{task_key: b, kind: {key}, {key}: 1}}\n",
            head=f"parameters: {{{key}: {key}}}\n{key}: 1\n",
        ),
        PROJECT: f"name: shop\npackage: {key}\nsources: {{{key}: {{path: {key}}}}}\n",
        TARGET: f"{PROD}pipelines: {{demand: {{parameters: {{{key}: 1}}, tasks: {{{key}: {{}}}}}}}}\n{key}: 1\n",
        POLICY: f"names: {{task: {key}}}\nseverities: {{{key}: off}}\n{key}: 1\n",
    }


CASES: dict[str, tuple[dict[str, str], str]] = {
    "billion laughs in variables": (
        {"conf/base.yml": LAUGHS, PIPELINE: pipeline(head='description: "${var.v15}"\n')},
        "variables make more than 100,000 values",
    ),
    "billion laughs in a target": ({"conf/base.yml": LAUGHS, TARGET: PROD + 'tags: {a: "${var.v15}"}\n'}, "make more"),
    "a long chain of variables": (
        {
            "conf/base.yml": "variables:\n" + "".join(f'  v{i}: "${{var.v{i + 1}}}"\n' for i in range(9000)),
            PIPELINE: pipeline(head='description: "${var.v0}"\n'),
        },
        "more than 20 variables refer to each other",
    ),
    "variables that are not there": (
        {PIPELINE: pipeline(head='description: "' + "${var.x}" * 110_000 + '"\n')},
        "no variable 'x'",
    ),
    "a large variable again and again": (
        {
            "conf/base.yml": "variables: {v: {default: [" + "x," * 9_000 + "]}}\n",
            PIPELINE: pipeline(head="databricks:\n" + "".join(f'  t{i}: "a${{var.v}}"\n' for i in range(9000))),
        },
        "variables make more than",
    ),
    "a pattern that backtracks": (
        {
            POLICY: 'tags: {required: {b: {pattern: "(a*)*c"}}}\n',
            TARGET: PROD,
            PIPELINE: pipeline(head=f"tags: {{b: {'a' * 9000}b}}\n"),
        },
        "does not match '(a*)*c'",
    ),
    "a pattern without end": ({POLICY: f"names: {{task: '{'(' * 100_000}'}}\n"}, "is not a regular expression"),
    "a list of values without end": (
        {POLICY: f"run_as: {{allowed: ['{'[*' * 200_000}']}}\n", TARGET: PROD + "run_as: {user_name: a}\n"},
        "the job may not run as 'a'",
    ),
    "waivers without end": (
        {POLICY: "waivers:\n" + "  - {rule: x, at: /, reason: '', owner: '', expires: never}\n" * 9000},
        "is no place for a waiver",
    ),
    "severities without end": ({POLICY: "severities:\n" + "".join(f"  x{i}: error\n" for i in range(9000))}, "no rule"),
    "a cron expression of 1 MB": (
        {PIPELINE: pipeline(head=f"schedule: {{quartz_cron_expression: '{'0 ' * 450_000}', timezone_id: UTC}}\n")},
        "is not a Quartz cron expression",
    ),
    "a time zone of 1 MB": (
        {PIPELINE: pipeline(head=f"schedule: {{quartz_cron_expression: 0 0 0 * * ?, timezone_id: {'x' * 900_000}}}\n")},
        "there is no time zone",
    ),
    "references without end": (
        {PIPELINE: pipeline(head='parameters: {a: "' + "{{job.x}}" * 100_000 + '"}\n')},
        "refers to nothing",
    ),
    "parameters in many circles": (
        {
            PIPELINE: pipeline(
                head="parameters:\n" + "".join(f'  a{i}: "{{{{job.parameters.a{i ^ 1}}}}}"\n' for i in range(8000))
            )
        },
        "the parameters refer to each other",
    ),
    "dependencies that are not there": (
        {
            PIPELINE: pipeline(
                "".join(
                    f"  - {{task_key: t{i}, notebook_task: {{notebook_path: /x}}, depends_on: [{'x, ' * 50}y{i}]}}\n"
                    for i in range(1000)
                )
            )
        },
        "which does not exist",
    ),
    "1 MB of statements in a notebook": (
        {PIPELINE: pipeline(NOTEBOOK), "projects/shop/src/n.py": HEADER + "f(x)\n" * 190_000},
        "its cells hold more than 50,000 characters",
    ),
    "50 kB of statements in a notebook": (
        {PIPELINE: pipeline(NOTEBOOK), "projects/shop/src/n.py": HEADER + "f(x)\n" * 9_500},
        "9500 statements in a notebook",
    ),
    "thousands of cells": (
        {PIPELINE: pipeline(NOTEBOOK), "projects/shop/src/n.py": HEADER + "# COMMAND ----------\nx\n" * 2000},
        "more than 500 cells",
    ),
    "magic lines without end": (
        {PIPELINE: pipeline(JUPYTER), "projects/shop/src/n.ipynb": cells("%a\nx\n" * 9, 450)},
        "statements in a notebook",
    ),
    "1 MB of statements in a main module": ({SOURCE + "__main__.py": "f(x)\n" * 190_000}, "larger than 50,000 bytes"),
    "classes without end": ({SOURCE + "__main__.py": "class A: pass\n" * 3_000}, "class 'A' in a main module"),
    "brackets in a module": ({SOURCE + "__main__.py": "x = " + "(" * 90_000}, "'__main__.py' is not valid"),
    "queries of one name": (
        {SOURCE + "__main__.py": "q = 'select 1'\n" * 1500 + "spark.sql(q)\n" * 1500},
        "SQL in a main module",
    ),
    "comments in a query": (
        {PIPELINE: pipeline(NOTEBOOK), "projects/shop/src/n.py": f"{HEADER}# MAGIC %sql\n# MAGIC {'/**/' * 11_000}"},
        "",
    ),
    "a notebook of nothing but brackets": (
        {PIPELINE: pipeline(JUPYTER), "projects/shop/src/n.ipynb": '{"cells":' + "[" * 1_000_000},
        "no Jupyter notebook of format 4",
    ),
    "a notebook with 4 MB of output": (
        {
            PIPELINE: pipeline(JUPYTER),
            "projects/shop/src/n.ipynb": cells("x").replace("[]", "[" + '{"":0},' * 560_000 + "0]"),
        },
        "",
    ),
    "a notebook of 5 MB": (
        {PIPELINE: pipeline(JUPYTER), "projects/shop/src/n.ipynb": cells("x" * 5_000_000)},
        "larger than 4,000,000 bytes",
    ),
    "quotes without end": (
        {PIPELINE: pipeline(JUPYTER), "projects/shop/src/n.ipynb": '{"cells": "' + '\\"' * 1_900_000},
        "Unterminated string",
    ),
    "passwords without end": ({SOURCE + "a.py": "password = 'abc12345'\n" * 9000}, "the value of 'password'"),
    "tokens without end": ({SOURCE + "a.sql": ".eyJ0123456789" * 65_000}, "a signed web token"),
    "a long name of a password": ({SOURCE + "a.sql": "a." * 440_000 + "password"}, ""),
    "comments without end": ({PIPELINE: pipeline(SQL), "projects/shop/src/n.sql": "/*a" * 300_000}, ""),
    "a TOML key of many parts": (
        {
            PIPELINE: pipeline("  - {task_key: a, python_wheel_task: {package_name: shop, entry_point: x}}\n"),
            "projects/shop/pyproject.toml": ".".join("a" * 100_000) + " = 1\n",
        },
        "",
    ),
    "1,000 pipelines with mistakes": (
        {f"projects/shop/pipelines/p{i}.yml": "name: x\ntasks: [1]\n" for i in range(1000)},
        "more findings",
    ),
    "keys with escapes": (odd_keys('"a\\e[2Jb"'), "control character"),
    "keys that turn the text": (odd_keys('"a\\u202eb"'), "control character"),
    "keys with marks of direction": (odd_keys('"a\\u200eb\\u061c"'), "\\u200e"),
    "keys with markup": (odd_keys('"[red]x[/red][/]"'), "[red]x"),
    "keys of many characters": (odd_keys(f'"{"x" * 1000}"'), "…"),
}


@dataclass(frozen=True)
class Answer:
    text: str
    exit_code: int
    seconds: float
    megabytes: float


@pytest.fixture(scope="module")
def ask() -> Iterator[Callable[[Path], Answer]]:
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10

    def answered(root: Path) -> Answer:
        server.stdin.write(json.dumps(str(root)) + "\n")  # type: ignore[union-attr]
        server.stdin.flush()  # type: ignore[union-attr]
        code, seconds, memory = json.loads(server.stdout.readline())  # type: ignore[union-attr]
        return Answer((root / "output.txt").read_text(), code, seconds, memory / unit)

    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        yield answered
        server.stdin.close()  # type: ignore[union-attr]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns(".framework")))


SECONDS, MEGABYTES = 5, 400
"""Of processor time, and of memory beyond that of a sound checkout."""


def is_clear(answer: Answer) -> bool:
    return (
        answer.exit_code in (0, 1)
        and answer.seconds < SECONDS
        and answer.megabytes < MEGABYTES
        and len(answer.text) < 500_000
        and all(character == "\n" or character.isprintable() for character in answer.text)
    )


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_checkout_gets_a_clear_answer(name, ask, checkout):
    files, expected = CASES[name]
    for file, text in files.items():
        (checkout / file).parent.mkdir(parents=True, exist_ok=True)
        (checkout / file).write_text(text)

    # Once more if the machine had other things to do.
    answer = min((ask(checkout) for _ in range(2)), key=lambda each: each.seconds)

    assert expected in re.sub(r"\s+", " ", answer.text)
    assert is_clear(answer), answer


@pytest.mark.parametrize("file", [PIPELINE, PROJECT, TARGET, POLICY, SOURCE + "__main__.py", SOURCE + "a.sql"])
@pytest.mark.parametrize("made", ["pipe", "directory", "link out", "endless", "100 MB", "nothing"])
def test_what_is_no_ordinary_file_is_not_read(file, made, ask, checkout):
    path = checkout / file
    path.unlink(missing_ok=True)
    match made:
        case "pipe":
            os.mkfifo(path)
        case "directory":
            path.mkdir()
        case "link out":
            path.symlink_to("/etc/hosts")
        case "endless":
            path.symlink_to("/dev/zero")
        case "100 MB":
            with path.open("wb") as stream:
                stream.truncate(100_000_000)
        case "nothing":
            path.touch()

    assert is_clear(ask(checkout))
