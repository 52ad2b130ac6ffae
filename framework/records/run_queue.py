"""Which runs of a job are under way: who may begin, and who is left over from a process that died."""

from collections.abc import Callable, Collection
from functools import cache

from framework.records.database import Database

_UNDER_WAY = "select job_run_id, owner_run_id from job_runs where job = ? and state = ? order by job_run_id"
_LEFT_OVER = """
with recursive left_over (job_run_id) as (
    select job_run_id from job_runs where parent_run_id = :parent and state <> 'TERMINATED' and job_run_id not in (
        select child_run_id from attempts
        where job_run_id = :parent and result is null and child_run_id is not null
    )
    union
    select child.job_run_id from job_runs child join left_over on child.parent_run_id = left_over.job_run_id
    where child.state <> 'TERMINATED'
)
update job_runs set state = 'TERMINATED', result = 'CANCELED', ended_at = :now
where job_run_id in (select job_run_id from left_over)
"""


def admit(
    database: Database, job: str, candidates: Collection[int], limit: int, is_alive: Callable[[int], bool]
) -> set[int]:
    """Let those of ``candidates`` begin with fewer than ``limit`` runs of the job before them; in a transaction.

    A run of a process that is not alive becomes INTERRUPTED and holds nobody up. Nobody is asked about who comes after
    the last free place, so a long queue costs nothing.
    """
    admitted: set[int] = set()
    dead: list[int] = []
    lives = cache(is_alive)
    places = limit
    # The running ones first: they have their places already.
    rows = ((state, row) for state in ("RUNNING", "QUEUED") for row in database.rows(_UNDER_WAY, (job, state)))
    while places > 0 and (found := next(rows, None)):
        state, row = found
        number, owner = row["job_run_id"], row["owner_run_id"]
        if number not in candidates and not lives(owner):
            dead.append(number)
            continue
        places -= 1
        if number in candidates and state == "QUEUED":
            admitted.add(number)
    for state, numbers in (("INTERRUPTED", dead), ("RUNNING", admitted)):
        for number in numbers:
            database.execute("update job_runs set state = ? where job_run_id = ?", (state, number))
    return admitted


def end_left_over(database: Database, parent: int, now: str) -> None:
    """End the runs that ``parent`` started and no open attempt of it names, with all that they started; ``now``: ISO.

    Its process died between beginning them and noting so: nobody goes on with them, and they would wait for ever.
    """
    database.execute(_LEFT_OVER, {"parent": parent, "now": now})
