"""What the scheduler tells of loops and retries while they are under way."""

from framework.core.events import AttemptStarted, LoopOpened, RetryWaiting, TaskEnded


def told(service, *kinds):
    return [event for event in service.events if isinstance(event, kinds)]


def test_a_retry_is_told_of_with_its_reason_and_its_wait(service, script, task):
    # The interval counts from the start of the attempt that failed, which took ten seconds.
    service.run(script(exits={"a": [1]}), task("a", max_retries=1, min_retry_interval_millis=30_000))

    first, waits, second, ended = told(service, AttemptStarted, RetryWaiting, TaskEnded)
    assert (first.attempt, second.attempt, ended.result) == (1, 2, "SUCCESS")
    assert (waits.task_key, waits.attempt, waits.in_s, waits.result) == ("a", 2, 20.0, "FAILED")
    assert waits.headline


def test_a_loop_tells_how_many_iterations_it_has_and_which_of_them_wait(service, script, task):
    again = {**task("each", max_retries=1), "depends_on": []}
    service.run(script(exits={"l[1]": [1]}), task("l", for_each_task={"inputs": "[1, 2, 3]", "task": again}))

    (opened,) = told(service, LoopOpened)
    (waits,) = told(service, RetryWaiting)
    assert (opened.task_key, opened.total, opened.done, opened.attempt) == ("l", 3, 0, 1)
    assert (waits.task_key, waits.iteration, waits.in_s) == ("l", 1, 0.0)


def test_a_loop_that_is_tried_again_tells_what_is_done_already(service, script, task):
    inner = {**task("each"), "depends_on": []}
    loop = task("l", for_each_task={"inputs": "[1, 2, 3]", "task": inner}, max_retries=1)
    service.run(script(exits={"l[1]": [1]}), loop)

    assert [(event.done, event.attempt) for event in told(service, LoopOpened)] == [(0, 1), (2, 2)]
