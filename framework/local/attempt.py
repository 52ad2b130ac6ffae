"""What happens in the forked process of one attempt, from the fork to its exit code."""

import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from framework.core.printable import printable_lines
from framework.local import sql_parameters
from framework.local.protocol import AttemptSpec
from framework.runtime.redaction import redacted


def run(spec: AttemptSpec, environment: dict[str, str]) -> NoReturn:
    """Become the attempt's process: it never returns.

    ``environment`` becomes os.environ.
    """
    code = 1
    try:
        _default_signals()
        _redirect(spec.directory)
        code = _exit_code(lambda: _execute(spec, environment))
    except BaseException:
        _tell(traceback.format_exc())
    finally:
        # Not sys.exit: the stack below us is the engine's, and its exit handlers are not ours.
        _flush()
        os._exit(code)


def _flush() -> None:
    """Write out what is buffered. The task may have closed its streams, and the disk may be full."""
    with suppress(Exception):
        logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()


def _default_signals() -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _redirect(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for stream, name in ((sys.stdout, "stdout.log"), (sys.stderr, "stderr.log")):
        file = os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(file, stream.fileno())
        os.close(file)
        stream.reconfigure(line_buffering=True, encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]


def _execute(spec: AttemptSpec, environment: dict[str, str]) -> object:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(spec.cwd)
    sys.path[:0] = spec.sys_path
    sys.argv = ["framework-task", *spec.argv]
    _draw_new_seed()
    sql_parameters.install()
    if spec.py_files:
        _send_when_needed(spec.py_files)
    module, _, function = spec.call.partition(":")
    call: Callable[[list[str]], object] = getattr(import_module(module), function)
    return call(list(spec.argv))


def _draw_new_seed() -> None:
    """Python's own generator is seeded anew after a fork, numpy's is not: every attempt would draw the same numbers."""
    if "numpy" in sys.modules:
        import numpy

        numpy.random.seed()


def _send_when_needed(py_files: tuple[str, ...]) -> None:
    """Make ``py_files`` importable in Spark's Python workers as soon as something is pickled for one, if it ever is."""
    from pyspark.serializers import CloudPickleSerializer
    from pyspark.sql.connect.session import SparkSession

    dumps = CloudPickleSerializer.dumps

    def send_and_dump(serializer: CloudPickleSerializer, value: object) -> Any:
        CloudPickleSerializer.dumps = dumps
        SparkSession.builder.getOrCreate().addArtifacts(*py_files, pyfile=True)
        return dumps(serializer, value)

    CloudPickleSerializer.dumps = send_and_dump


def _exit_code(work: Callable[[], object]) -> int:
    """What a Python process would exit with after ``work``: its int, SystemExit's code, 1 for any exception."""
    try:
        value = work()
    except SystemExit as exit_:
        value = exit_.code
        if not isinstance(value, int | None):
            _tell(str(value))
            return 1
    except BaseException:
        _tell(traceback.format_exc())
        return 1
    return value & 0xFF if isinstance(value, int) else 0


def _tell(text: str) -> None:
    """What the attempt's own log does not tell, because it has ended or never began."""
    print(printable_lines(redacted(text.rstrip())), file=sys.stderr)
