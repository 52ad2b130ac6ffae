"""What the attempts of the engine's tests call."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def spark():
    from pyspark.sql import SparkSession

    return SparkSession.builder.getOrCreate()


def show(argv):
    print(json.dumps({"argv": argv, "cwd": str(Path.cwd()), "outbox": os.environ["FRAMEWORK_OUTBOX"]}))
    print(os.environ.get("GREETING"), file=sys.stderr)


def leave(argv):
    """End in the way that the first argument names."""
    ways = {
        "return": lambda: 3,
        "nothing": lambda: None,
        "exit": lambda: sys.exit(4),
        "exit well": lambda: sys.exit(0),
        "exit with words": lambda: sys.exit("no more"),
        "exit with a list": lambda: sys.exit(["no", "more"]),
        "raise": lambda: 1 / 0,
        "at once": lambda: os._exit(7),
        "at once, well": lambda: os._exit(0),
        "signal": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "segfault": lambda: ctypes.string_at(0),
        "streams closed": lambda: (sys.stdout.close(), sys.stderr.close(), sys.exit(5)),
        "streams closed, words": lambda: (sys.stdout.close(), sys.stderr.close(), sys.exit("unheard")),
        "files closed": lambda: (print("unwritten", end=""), os.close(1), os.close(2), sys.exit(0)),
    }
    return ways[argv[0]]()


def flood(argv):
    """Print so many megabytes."""
    line = "x" * ((1 << 20) - 1)
    for _ in range(int(argv[0])):
        print(line)


def ignore_sigterm(argv):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("deaf", flush=True)
    time.sleep(600)


def write(argv):
    spark().sql("create schema if not exists shop")
    spark().range(5).write.mode("append").saveAsTable(argv[0])
    print(spark().table(argv[0]).count())


def write_slowly(argv):
    """A write of about six seconds that needs no processor; with a second argument, die in the middle of it."""
    table, *die = argv
    print(os.getpid(), flush=True)
    spark().sql("create schema if not exists shop")
    if die:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, 2)
    rows = spark().range(0, 6, 1, 2)
    rows.selectExpr("id", "reflect('java.lang.Thread', 'sleep', 2000L) as slept").write.saveAsTable(table)
    print("committed")


def write_twice(argv):
    write(argv[:1])
    write_slowly(argv[1:])


def ask_with_values(argv):
    named = spark().sql("select :word as word, :n + 1 as n", args={"word": "it's ?", "n": 2}).first()
    placed = spark().sql("select ?, ':n'", args=[argv[0]]).first()
    print([*named, *placed])


def open_session(argv):
    """Ask for the schema of what workers would make, for which no job runs, and end."""
    session = spark()
    assert session.range(1).mapInPandas(lambda frames: frames, "id long").columns == ["id"]
    if argv[0] == "stops":
        session.stop()
    if argv[0] == "is killed":
        os.kill(os.getpid(), signal.SIGKILL)


def map_in_workers(argv):
    def double(frames):
        import shipped

        for frame in frames:
            yield frame.assign(id=frame["id"].map(shipped.double))

    print(sorted(row.id for row in spark().range(3).mapInPandas(double, "id long").collect()))


def log_to_mlflow(argv):
    import mlflow

    mlflow.set_experiment(argv[0])
    with mlflow.start_run():
        mlflow.log_text("x", "note.txt")
        print(mlflow.get_artifact_uri())


def leave_behind(argv):
    """Start a process that wants to stay, print its pid, and end in the way that the second argument names."""
    how, end = argv
    kinds = {
        "a child": lambda: subprocess.Popen(["sleep", "60"]).pid,
        "a child in a session of its own": lambda: (
            subprocess.Popen(["sleep", "60"], start_new_session=True, env={}).pid
        ),
        "a daemon": _daemon,
    }
    print(kinds[how](), flush=True)
    {"returns": int, "is killed": lambda: os.kill(os.getpid(), 9), "is canceled": lambda: time.sleep(60)}[end]()


def _daemon():
    """What every textbook does: fork, lead a session, fork again."""
    outlet, inlet = os.pipe()
    if not os.fork():
        os.setsid()
        if not os.fork():
            os.write(inlet, str(os.getpid()).encode())
            time.sleep(60)
        os._exit(0)
    return int(os.read(outlet, 20))


def get_stuck_with_a_child(argv):
    """No thread of Python's gets to run while PyDLL calls C: it keeps the interpreter's lock."""
    print(subprocess.Popen(["sleep", "997"], start_new_session=True).pid, flush=True)
    ctypes.PyDLL(None).sleep(600)


def draw(argv):
    import random

    import numpy

    print(random.random(), numpy.random.random())


def wait_for(argv):
    """Wait for a file, as proof that somebody else runs meanwhile."""
    mine, other = map(Path, argv)
    mine.touch()
    while not other.exists():
        time.sleep(0.02)
