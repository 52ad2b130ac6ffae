"""The events of a run as plain lines, and as the live table in terminals of several sizes."""

import io

import pytest
from rich.console import Console

from framework.console.run_board import RunBoard
from framework.console.run_progress import run_progress
from framework.console.run_tree import RunTree
from framework.core.events import AttemptStarted, LoopOpened, RetryWaiting, RunStarted, TaskEnded

LONG = "score_every_product_of_every_shop_in_every_country"
LOSSY = "shop.load:fetch raised ConnectionError: the server at the other end of the line has gone away once more"

ROOT = RunStarted(7, "demand", "local", ("check", "fetch", "per_shop", "report", LONG, "notify"))
CHILD = RunStarted(8, "reporting", "local", ("render", "send"), parent_run_id=7)


def of(run: int, event: type, *values, **more):
    return event(*values, **more, job_run_id=run)


def events(log: str = ""):
    """A condition, a task that is tried again, a loop with such an iteration, the run of another job, and a failure."""
    yield ROOT
    yield of(7, TaskEnded, "check", "SUCCESS", 0.0, "true")
    yield of(7, AttemptStarted, "fetch", 1, log=log)
    yield of(7, RetryWaiting, "fetch", 2, 30.0, "FAILED", LOSSY)
    yield of(7, LoopOpened, "per_shop", 10)
    for shop in range(3):
        yield of(7, AttemptStarted, "per_shop", 1, shop, log=log)
    yield of(7, TaskEnded, "per_shop", "SUCCESS", 61.5, "features.shop v3, 1,200 rows", 0)
    yield of(7, RetryWaiting, "per_shop", 2, 12.5, "TIMEDOUT", "", 1)
    yield of(7, TaskEnded, "per_shop", "FAILED", 2.0, "shop.load:one raised ValueError: 3\nand more", 2)
    yield of(7, AttemptStarted, "per_shop", 1, 3, log=log)
    yield CHILD
    yield of(7, AttemptStarted, "report", 1)
    yield of(8, AttemptStarted, "render", 2, log=log)
    yield of(7, AttemptStarted, LONG, 1, log=log)


def the_end():
    yield of(7, AttemptStarted, "fetch", 2)
    yield of(7, TaskEnded, "fetch", "FAILED", 65.0, LOSSY)
    yield of(7, TaskEnded, "per_shop", "FAILED", 80.0, "7 of 10 iterations succeeded")
    yield of(7, TaskEnded, "notify", "UPSTREAM_FAILED", 0.0)


@pytest.fixture
def log(tmp_path) -> str:
    (tmp_path / "stderr.log").write_text("first\n\x1b[31mread\tthe sales\x1b[0m of " + "a, " * 60 + "and z\r\n\n")
    return str(tmp_path / "stderr.log")


def board_of(happened, seconds_later: float = 5.0) -> RunBoard:
    board = RunBoard(RunTree(clock=lambda: 100.0))
    for event in happened:
        board.begin(event) if isinstance(event, RunStarted) else board.tree.take(event)
    board.tree.clock = lambda: 100.0 + seconds_later
    return board


def drawn(board: RunBoard, width: int, height: int = 24) -> str:
    console = Console(file=io.StringIO(), width=width, height=height, record=True, get_time=lambda: 0.0)
    console.print(board)
    return "\n".join(line.rstrip() for line in console.export_text().splitlines()) + "\n"


def test_plain_lines_tell_of_loops_retries_and_other_runs(assert_golden):
    console = Console(file=io.StringIO(), width=140, soft_wrap=True, highlight=False)

    with run_progress(console) as listener:
        for event in (*events(), *the_end()):
            listener(event)

    assert_golden("plain_lines.txt", console.file.getvalue())


@pytest.mark.parametrize("width", [80, 100])
def test_the_live_table_keeps_to_the_terminals_width(width, log, assert_golden):
    shown = drawn(board_of(events(log)), width)

    assert all(len(line) <= width for line in shown.splitlines())
    assert_golden(f"live_{width}.txt", shown)


def test_the_live_table_of_a_failure(assert_golden):
    assert_golden("live_failed.txt", drawn(board_of((*events(), *the_end()), 90.0), 100))


def test_of_many_tasks_those_that_run_or_failed_are_shown_and_the_rest_is_counted(assert_golden):
    keys = tuple(f"task_{number:02}" for number in range(60))
    ended = [TaskEnded(key, "SUCCESS", 1.0) for key in keys[:30]]
    lost = [TaskEnded("task_03", "FAILED", 2.0, "no rows"), TaskEnded("task_58", "UPSTREAM_FAILED", 0.0)]
    running = [AttemptStarted(key, 1) for key in keys[40:44]]

    shown = drawn(board_of([RunStarted(7, "wide", "local", keys), *ended, *lost, *running]), 80)

    assert len(shown.splitlines()) < 24
    assert_golden("live_60_tasks.txt", shown)


def test_runs_side_by_side_are_told_apart():
    first, second = RunStarted(7, "demand", "local", ("a",)), RunStarted(8, "demand", "local", ("a",))
    console = Console(file=io.StringIO(), width=80)

    with run_progress(console) as listener:
        for event in (first, second, AttemptStarted("a", 1, job_run_id=8)):
            listener(event)

    assert console.file.getvalue().endswith("\n  8 a: started\n")
    shown = drawn(board_of([first, second]), 80).splitlines()
    assert [line.split()[:2] for line in shown[1:]] == [["7", "a"], ["8", "a"]]


def test_what_a_repair_keeps_is_shown_as_it_was():
    shown = drawn(board_of([RunStarted(7, "demand", "local", ("a", "b"), decided={"a": "SUCCESS"})]), 80)

    assert [line.split() for line in shown.splitlines()[1:]] == [["a", "SUCCESS"], ["b", "waiting"]]


def test_before_there_are_tasks_it_says_what_is_done_in_any_words():
    board = RunBoard(doing="loading [/data/sales] of [b]")
    console = Console(file=io.StringIO(), width=80)
    console.print(board)

    assert "loading [/data/sales] of [b]" in console.file.getvalue()
