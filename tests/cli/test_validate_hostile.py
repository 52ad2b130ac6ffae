"""Whole checkouts made to hurt: the command answers in words, soon and in little memory.

Each answer takes at most a second and 200 MB more than that about a sound checkout.
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
COMPUTE = "compute: {environments: [{environment_key: default, spec: {environment_version: '3'}}]}\n"
LAUGHS = "variables:\n  v0: lol\n" + "".join(f'  v{i + 1}: "{f"${{var.v{i}}}" * 10}"\n' for i in range(15))


def pipeline(tasks: str = ANY, head: str = "") -> str:
    return f"name: nightly\n{head}tasks:\n{tasks}"


def cells(source: str | list[str], count: int = 1) -> str:
    return json.dumps({"metadata": {}, "cells": [{"cell_type": "code", "source": source, "outputs": []}] * count})


def tasks_after(dependencies: Callable[[int], str], more: str = "") -> str:
    tail = f"notebook_task: {{notebook_path: /a}}, {more}"
    return "".join(f"  - {{task_key: t{i}, depends_on: [{dependencies(i)}], {tail}}}\n" for i in range(990))


def many(text: Callable[[int], str], count: int = 9000) -> str:
    return ", ".join(map(text, range(count)))


def mistyped(number: int) -> str:
    key, other = (f"the_weekly_demand_of_all_the_{word}_number_{number:04}" for word in ("shops", "shaps"))
    return f"  - {{task_key: {key}, notebook_task: {{notebook_path: /a}}, depends_on: [{other}]}}\n"


def nested_conditions(count: int) -> str:
    """Each behind the one before, and a task behind the other outcome of each, all of which write one table."""
    test = 'condition_task: {left: "{{job.run_id}}", op: EQUAL_TO, right: "1"}'
    writer = "kind: python, entrypoint: shop.demand:daily_units, reads: {sales: raw.sales}, writes: a.b"
    return f"  - {{task_key: c0, {test}}}\n" + "".join(
        f'  - {{task_key: w{i}, depends_on: [{{task_key: c{i}, outcome: "false"}}], {writer}}}\n'
        f'  - {{task_key: c{i + 1}, depends_on: [{{task_key: c{i}, outcome: "true"}}], {test}}}\n'
        for i in range(count)
    )


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
    "brackets in a module": ({SOURCE + "__main__.py": "x = " + "(" * 45_000}, "'__main__.py' is not valid"),
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
    "a notebook of empty lines": (
        {PIPELINE: pipeline(JUPYTER), "projects/shop/src/n.ipynb": cells([""] * 200_000)},
        "'n.ipynb' cannot be checked: its cells hold more than 50,000 characters",
    ),
    "half a character in a notebook": (
        {PIPELINE: pipeline(JUPYTER), "projects/shop/src/n.ipynb": cells("%sql\nselect '\ud800'")},
        "a lone surrogate",
    ),
    "spaces before a magic line": (
        {PIPELINE: pipeline(NOTEBOOK), "projects/shop/src/n.py": f"{HEADER}a = 1\n{' ' * 49_000}x\n"},
        "unexpected indent",
    ),
    "50 kB of statements in a line": ({SOURCE + "__main__.py": "ü;" * 16_600}, "16600 statements in a main module"),
    "mains without end": ({SOURCE + "__main__.py": "def main(): 0\n" * 3_500}, ""),
    "a module of more than 1 MB": (
        {SOURCE + "demand.py": "x\n" * 600_000},
        "'shop.demand' cannot be checked: it is larger than 1,000,000 bytes",
    ),
    "an annotation of many types": (
        {
            PIPELINE: pipeline("  - {task_key: a, kind: python, entrypoint: shop.a:f, params: {day: x}}\n"),
            SOURCE + "a.py": f"def f(day: list[{'int | ' * 2500}int]): ...\n",
        },
        "argument 'day' of 'f' is text (str), not what it is annotated as",
    ),
    "half a token without end": ({SOURCE + "a.sql": "eyJ-" * 249_000}, ""),
    "connection strings without end": ({SOURCE + "a.sql": "jdbc:" + "jdbc:?" * 166_000}, ""),
    "passwords in a line": (
        {"projects/shop/x.yml": f"{{a: dapi{'0' * 32}, {'password: abcd1, ' * 58_000}}}"},
        "a Databricks token",
    ),
    "58,000 dependencies in circles": (
        {PIPELINE: pipeline(tasks_after(lambda i: many(lambda j: f"t{(i + j + 1) % 990}", 59)))},
        "the tasks wait for each other",
    ),
    "many small circles": (
        {PIPELINE: pipeline(tasks_after(lambda i: f"t{i ^ 1}"))},
        "There are more cycles: mend these first.",
    ),
    "tasks with long wrong names": ({PIPELINE: pipeline("".join(map(mistyped, range(1000))))}, "Did you mean"),
    "references and dependencies": (
        {
            PIPELINE: pipeline(
                ANY + f"  - {{task_key: b, depends_on: [{'a, ' * 9900}], notebook_task: {{notebook_path: /a, "
                f'base_parameters: {{t: "{many(lambda i: f"{{{{tasks.x{i}.values.v}}}}")}"}}}}}}\n'
            )
        },
        "depends on 'a' twice",
    ),
    "conditions behind conditions": ({PIPELINE: pipeline(nested_conditions(480))}, "Valid"),
    "environments without end": (
        {
            TARGET: PROD + COMPUTE,
            PIPELINE: pipeline(
                tasks_after(lambda _: "", more="databricks: {environment_key: e1}"),
                head=f"databricks: {{environments: [{many(lambda i: f'{{environment_key: e{i}}}')}]}}\n",
            ),
        },
        "Valid",
    ),
    "patterns without end": (
        {POLICY: "tags: {required: {" + many(lambda i: f"a{i}: {{pattern: '\\w{{40}}{i}'}}", 400) + "}}\n"},
        "all patterns together are too large",
    ),
    "addresses without end": (
        {
            TARGET: PROD,
            PIPELINE: pipeline(
                head=f"databricks: {{email_notifications: {{on_failure: [{many(lambda i: f'u{i}@x.io')}]}}}}\n"
            ),
            POLICY: f"notifications: {{emails: [{many(lambda i: f'v{i}*@y.io')}]}}\n",
        },
        "email 'u0@x.io' is not allowed",
    ),
    "allowed addresses without end": (
        {
            TARGET: PROD + COMPUTE,
            PIPELINE: pipeline(head=f"databricks: {{email_notifications: {{on_failure: [{'z@y.io, ' * 9000}]}}}}\n"),
            POLICY: f"notifications: {{emails: [{many(lambda i: f'v{i}@y.io')}, z@y.io]}}\n",
        },
        "Valid",
    ),
    "variables that nothing declares": (
        {
            "conf/base.yml": f"variables: {{{many(lambda i: f'variable_with_a_name_{i:04}: 1', 1000)}}}\n",
            TARGET: f"{PROD}variables: {{{many(lambda i: f'variable_with_a_neme_{i:04}: 1')}}}\n",
        },
        "conf/base.yml declares no variable",
    ),
    "pipelines that are not there": (
        {
            **{
                f"projects/shop/pipelines/a_long_name_{i:04}.yml": f"name: a_long_name_{i:04}\ntasks:\n{ANY}"
                for i in range(50)
            },
            TARGET: f"{PROD}pipelines: {{{many(lambda i: f'a_lang_name_{i:04}: {{}}')}}}\n",
        },
        "no project has a pipeline 'a_lang_name_0000'",
    ),
    "variables of the environment without end": (
        {
            POLICY: f"environment_variables: [{many(lambda i: f'NAME_OF_A_VARIABLE_{i:04}')}]\n",
            "conf/base.yml": "tags: {" + many(lambda i: f"a{i}: '${{env:Z{i}}}'", 3000) + "}\n",
        },
        "environment variable 'Z0' is not allowed",
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


def copy_of_shop(directory: Path) -> Path:
    return Path(shutil.copytree(SHOP, directory / "shop", ignore=shutil.ignore_patterns(".framework")))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return copy_of_shop(tmp_path)


@pytest.fixture(scope="module")
def sound(ask: Callable[[Path], Answer], tmp_path_factory: pytest.TempPathFactory) -> Answer:
    return ask(copy_of_shop(tmp_path_factory.mktemp("sound")))


SECONDS, MEGABYTES = 1, 200
"""Of processor time and of memory, beyond those of a sound checkout."""


def is_clear(answer: Answer, sound: Answer) -> bool:
    return (
        answer.exit_code in (0, 1)
        and answer.seconds < sound.seconds + SECONDS
        and answer.megabytes < sound.megabytes + MEGABYTES
        and len(answer.text) < 500_000
        and all(character == "\n" or character.isprintable() for character in answer.text)
    )


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_checkout_gets_a_clear_answer(name, ask, checkout, sound):
    files, expected = CASES[name]
    for file, text in files.items():
        (checkout / file).parent.mkdir(parents=True, exist_ok=True)
        (checkout / file).write_text(text)

    answer = ask(checkout)
    if not is_clear(answer, sound):  # Once more, if the machine had other things to do.
        answer = min(answer, ask(checkout), key=lambda each: each.seconds)

    assert expected in re.sub(r"\s+", " ", answer.text)
    assert is_clear(answer, sound), answer


@pytest.mark.parametrize("file", [PIPELINE, PROJECT, TARGET, POLICY, SOURCE + "__main__.py", SOURCE + "a.sql"])
@pytest.mark.parametrize("made", ["pipe", "directory", "link out", "endless", "100 MB", "nothing"])
def test_what_is_no_ordinary_file_is_not_read(file, made, ask, checkout, sound):
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

    assert is_clear(ask(checkout), sound)
