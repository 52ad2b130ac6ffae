"""Random jobs with loops and runs of other jobs, killed and resumed, canceled and repaired at random moments.

However often the process dies, the run ends as the one that nobody disturbed, and does no work twice.
"""

import copy
from collections import Counter
from dataclasses import dataclass, field

from databricks.bundles.jobs import Job
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.core.task_run import AttemptRecord
from framework.local.past import Past
from framework.local.selection import to_rerun

COUNTED = {"n": "{{task.execution_count}}"}
GOOD, BAD = 2, 3
"""Jobs that others run: one succeeds, and runs another one itself; one fails."""


class Killed(BaseException):
    """Stands for kill -9: nothing after it happens."""


@st.composite
def jobs(draw):
    """Tasks, and how often each unit fails."""
    tasks, exits = [], {"bad": [1] * 500}  # more often than it is ever tried
    for number in range(draw(st.integers(1, 6))):
        key = f"t{number}"
        upstream = draw(st.lists(st.integers(0, number - 1), max_size=2, unique=True)) if tasks else []
        does = draw(st.sampled_from(["work", "work", "loop", "condition", GOOD, BAD]))
        run_if = draw(st.sampled_from(["ALL_SUCCESS", "ALL_SUCCESS", "ALL_DONE", "AT_LEAST_ONE_FAILED"]))
        retries = draw(st.integers(0, 1))
        units = [key]
        if does == "loop":
            count, at_once = draw(st.integers(0, 3)), draw(st.integers(1, 2))
            units = [f"{key}[{each}]" for each in range(count)]
            inner = {"task_key": "each", "max_retries": draw(st.integers(0, 1)), **work()}
            made = {"for_each_task": {"inputs": str(list(range(count))), "concurrency": at_once, "task": inner}}
        elif does == "condition":
            made = {"condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}}
        else:
            made = work() if does == "work" else {"run_job_task": {"job_id": does}}
        exits |= {unit: [1] * draw(st.integers(0, 2)) for unit in units}
        edges = [{"task_key": f"t{other}"} for other in upstream]
        tasks.append({"task_key": key, "depends_on": edges, "run_if": run_if, "max_retries": retries, **made})
    return tasks, exits


def work():
    return {"python_wheel_task": {"package_name": "p", "entry_point": "e", "named_parameters": COUNTED}}


@dataclass
class Life:
    """The processes of one run, one after the other; each dies after so many ``steps``, the last one does not.

    ``finishing``: what runs when one dies still comes to its end. ``units`` are the attempts by task run id, ``made``
    counts how often each came to its end.
    """

    steps: list[int]
    finishing: bool = False
    units: dict[str, tuple[str, ...]] = field(default_factory=dict)
    made: Counter[tuple[str, ...]] = field(default_factory=Counter)
    left: int = -1

    def step(self):
        self.left -= 1
        if self.left == 0:
            raise Killed

    def script(self, base, exits):
        life = self

        class Mortal(base):
            def start(self, spec):
                life.step()
                made = (spec.attempt_id[:13], *spec.argv)
                assert life.units.setdefault(spec.attempt_id, made) == made, "a task run id is given out twice"
                super().start(spec)

            def wait(self, timeout):
                life.step()
                return super().wait(timeout)

            def _finish(self, attempt_id, key):
                life.made[life.units[attempt_id]] += 1
                super()._finish(attempt_id, key)
                if self.ended[-1].exit_code:
                    (self.specs[attempt_id].directory / "record.json").write_text(failure(key))

        return Mortal(exits=exits)

    def live(self, service, script, drive):
        """``drive(script)`` in a process, then as often as it was killed what goes on with it."""
        commit, begin = service.store.commit, service.store.begin
        service.store.commit = lambda: (self.step(), commit(), self.step())
        service.store.begin = lambda *given: (begin(*given), self.step())[0]
        self.left = self.steps.pop(0) if self.steps else -1
        try:
            return drive(script)
        except Killed:
            if self.finishing:
                for attempt_id, (key, _) in script.running.items():
                    script._finish(attempt_id, key)
        finally:
            service.store.commit, service.store.begin = commit, begin
        service.store._noted.clear()
        run = service.store.run(service.number)
        if run.state == "TERMINATED":
            return None
        service.store.reopen(run.job_run_id, run.parameters)
        script = self.script(type(script).__base__, script.exits)
        return self.live(service, script, lambda script: service.again(script, run))


def failure(key):
    return AttemptRecord(
        job_run_id="1", task_run_id="1", attempt=1, project="p", pipeline="q", target="local", task_key=key,
        kind="python", result="FAILED", started_at="", ended_at="",
    ).to_json()  # fmt: skip


def begun(many_runs, tasks):
    service = many_runs()
    # The power does not fail here, and waiting for the disk takes longer than all the rest.
    service.store._db.execute("pragma synchronous = off")
    nested = {"task_key": "nested", "run_job_task": {"job_id": 4}, "depends_on": [{"task_key": "good"}]}
    service.jobs = {
        1: Job.from_dict({"name": "job", "tasks": tasks}),
        GOOD: Job.from_dict({"name": "good", "tasks": [{"task_key": "good", **work()}, nested]}),
        BAD: Job.from_dict({"name": "bad", "tasks": [{"task_key": "bad", **work()}]}),
        4: Job.from_dict({"name": "nested", "tasks": [{"task_key": "deep", **work()}]}),
    }
    service.number = service.stored(1).job_run_id
    return service


def run(service, life, script, exits, places=2):
    def drive(script):
        service.script = script
        return service.drive(service.store.run(service.number), Past(), places)

    life.live(service, life.script(script, exits), drive)


def repair(service, life, script, exits):
    stored = service.store.run(service.number)
    graph = service.execution(stored, Past()).graph
    keys = to_rerun(graph, service.store.history(service.number), (), dependents=False)
    again = service.store.begin_repair(stored, keys, {}, stored.repair_id)
    life.live(service, life.script(script, exits), lambda script: service.again(script, again))


def ended(service):
    """How the run ended and what came of each unit; everything is decided, and nothing is left under way."""
    store, left = service.store, [service.number]
    while left:
        number = left.pop()
        assert store.run(number).state == "TERMINATED"
        assert all(attempt.result for attempt in store.history(number).attempts)
        left += [child.job_run_id for child in store.children(number)]
    outcomes = store.history(service.number).outcomes
    assert {key for key, iteration in outcomes if iteration is None} == set(store.run(service.number).tasks)
    return store.run(service.number).result, {
        key: (outcome.result, outcome.attempts, outcome.branch) for key, outcome in outcomes.items()
    }


@settings(max_examples=100, deadline=None)
@given(job=jobs(), steps=st.lists(st.integers(1, 25), max_size=4), finishing=st.booleans(), places=st.integers(1, 3))
def test_a_run_that_is_killed_and_resumed_ends_as_if_it_had_not_been(many_runs, script, job, steps, finishing, places):
    tasks, exits = job
    calm, killed = Life([]), Life(list(steps), finishing)
    undisturbed, disturbed = begun(many_runs, tasks), begun(many_runs, tasks)
    run(undisturbed, calm, script, copy.deepcopy(exits), places)
    run(disturbed, killed, script, copy.deepcopy(exits), places)

    assert ended(disturbed) == ended(undisturbed)
    assert set(killed.made.values()) <= {1}
    assert len(killed.made) == len(calm.made)

    if ended(undisturbed)[0] in ("FAILED", "SUCCESS_WITH_FAILURES"):
        repair(undisturbed, calm, script, {})
        killed.steps = list(steps)
        repair(disturbed, killed, script, {})
        assert ended(disturbed) == ended(undisturbed)
        assert set(killed.made.values()) <= {1}
        assert len(killed.made) == len(calm.made)


@settings(max_examples=60, deadline=None)
@given(job=jobs(), moment=st.integers(1, 12))
def test_a_run_that_is_canceled_leaves_nothing_behind_and_can_be_repaired(many_runs, script, job, moment):
    tasks, exits = job
    life, service = Life([]), begun(many_runs, tasks)

    def cancel(script):
        if script.waits == moment:
            service.scheduler.interrupt()

    def drive(script):
        script.at_wait = cancel
        service.script = script
        return service.drive(service.store.run(service.number), Past(), 2)

    ran = life.live(service, life.script(script, exits), drive)

    assert not ran.script.running
    result, before = ended(service)
    if result == "CANCELED":
        kept = {key for key, (each, _, _) in before.items() if each == "SUCCESS" and key[1] is None}
        repair(service, life, script, {})
        _, after = ended(service)
        assert not [each for each, _, _ in after.values() if each == "CANCELED"]
        assert {key: before[key] for key in kept} == {key: after[key] for key in kept}
        assert set(life.made.values()) <= {1}
