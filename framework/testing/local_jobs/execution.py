"""The process of one run: executes it as a local run does, and tells what happens in lines of JSON on stdout.

It is one of its own because a local run ends in good order on SIGINT, which only a main thread hears.
"""

import json
import sys
from contextlib import redirect_stdout
from dataclasses import fields
from pathlib import Path
from typing import Any, TextIO

from framework.compile.bundle import Bundle
from framework.core.errors import FrameworkError
from framework.core.job_run import JobRun
from framework.local.paths import LocalPaths
from framework.local.requests import MAX_PARALLEL, RepairRequest, RunRequest, Selected
from framework.local.run import repair, resume, run
from framework.local.runnable import Runnable
from framework.records.run_store import RunStore
from framework.testing.local_jobs.order import NAME, Order
from framework.testing.local_jobs.told import Teller


def main() -> int:
    """Execute the Order on stdin. 0 when the run has a result, whichever; 1 when it could not begin."""
    order = Order.from_json(sys.stdin.readline())
    out = sys.stdout
    with redirect_stdout(sys.stderr):
        try:
            result = executed(order, out)
        except FrameworkError as error:
            said = [f"{each.summary} {each.hint}".strip() for each in error.diagnostics()]
            _say(out, {"event": "refused", "message": "; ".join(said)})
            return 1
    _say(out, {"event": "done", "result": result.result})
    return 0


def executed(order: Order, out: TextIO) -> JobRun:
    """The run, at its end. Raises FrameworkError when it cannot begin."""
    paths, runnable = LocalPaths(order.directory), runnable_of(order)
    paths.create()
    listener = Teller(paths, order.jobs, lambda told: _say(out, told)).hear
    with RunStore(paths.run_store) as store:
        earlier = store.with_token(order.job, str(order.run_id))
    if earlier is None:
        request = RunRequest(
            root=order.directory,
            job_key=order.job_key,
            parameters=order.parameters,
            selected=Selected(only=order.task_keys),
            idempotency_token=str(order.run_id),
        )
        return run(runnable, request, listener)
    if earlier.state != "TERMINATED":
        return resume(order.directory, earlier.job_run_id, MAX_PARALLEL, listener)
    again = RepairRequest(rerun_tasks=order.task_keys, parameters=order.parameters)
    return repair(runnable, order.directory, earlier, again, listener)


def runnable_of(order: Order) -> Runnable:
    """The jobs with all that the official types know of them; the Jobs API tells more."""
    from databricks.bundles.jobs import Job

    known = {each.name for each in fields(Job)}
    jobs = {}
    for key, settings in order.jobs.items():
        try:
            fitting: Any = {name: value for name, value in settings.items() if name in known}
            jobs[key] = Job.from_dict(fitting)
        except Exception as error:  # its class depends on the shape of what does not fit
            raise FrameworkError(f"job {key} cannot be executed locally: {error}") from None
    bundle = Bundle(name=NAME, target=NAME, jobs=jobs)
    return Runnable(bundle=bundle, files=Path(order.files), job_ids={key: int(key) for key in jobs})


def _say(out: TextIO, told: dict[str, Any]) -> None:
    out.write(json.dumps(told) + "\n")
    out.flush()


if __name__ == "__main__":
    sys.exit(main())
