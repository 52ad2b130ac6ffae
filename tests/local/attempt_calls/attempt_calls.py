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
        "exit with words": lambda: sys.exit("no more"),
        "raise": lambda: 1 / 0,
        "at once": lambda: os._exit(7),
        "signal": lambda: os.kill(os.getpid(), signal.SIGKILL),
    }
    return ways[argv[0]]()


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
        signal.setitimer(signal.ITIMER_REAL, 3)
    rows = spark().range(0, 4, 1, 2)
    rows.selectExpr("id", "reflect('java.lang.Thread', 'sleep', 3000L) as slept").write.saveAsTable(table)
    print("committed")


def write_twice(argv):
    write(argv[:1])
    write_slowly(argv[1:])


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


def leave_a_child_behind(argv):
    print(subprocess.Popen(["sleep", "60"]).pid)


def get_stuck_with_a_child(argv):
    """No thread of Python's gets to run while PyDLL calls C: it keeps the interpreter's lock."""
    print(subprocess.Popen(["sleep", "997"]).pid, flush=True)
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
