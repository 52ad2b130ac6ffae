"""A traceback cut to the lines that the project's authors wrote."""

import re
import sysconfig
import traceback
from pathlib import Path
from types import TracebackType

import framework
from framework.runtime import raised, spark_errors

_FOREIGN = (
    str(Path(framework.__file__).parent),
    sysconfig.get_paths()["stdlib"],
    "site-packages",
    "dist-packages",
    "/pyspark.zip/",
    "<frozen",
)
_WORKER_FRAME = re.compile(r'^  File "(?P<file>[^"]+)", line \d+.*\n(?:    .*\n)*', re.MULTILINE)


def cut(error: BaseException, package: str) -> str:
    """The frames of ``error`` that belong to ``package`` or lie outside of any library, oldest first.

    Those of what led to it stand before them, without the causes that Spark raised: their text is long.
    """
    led = [cause for _, cause in raised.causes(error) if not spark_errors.is_spark_error(cause)]
    return "\n\nwhich led to\n\n".join(filter(None, (_cut_one(each, package) for each in (*led[::-1], error))))


def cut_text(text: str) -> str:
    """The same for a traceback that a Spark worker sent as ``text``."""
    return _WORKER_FRAME.sub(lambda frame: "" if _is_foreign(frame["file"]) else frame[0], text).rstrip()


def _cut_one(error: BaseException, package: str) -> str:
    frames = [frame for frame, tb in _walk(error.__traceback__) if _is_users(frame.filename, tb, package)]
    if not frames:
        return ""
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(frames)]
    return "".join(lines + traceback.format_exception_only(error)).rstrip()


def _walk(trace: TracebackType | None) -> list[tuple[traceback.FrameSummary, TracebackType]]:
    chain = []
    while trace:
        chain.append(trace)
        trace = trace.tb_next
    summaries = traceback.extract_tb(chain[0]) if chain else []
    return list(zip(summaries, chain, strict=True))


def _is_users(filename: str, trace: TracebackType, package: str) -> bool:
    module = str(trace.tb_frame.f_globals.get("__name__", ""))
    # An installed project lies in site-packages too, so its package name counts before the folder.
    return module.split(".", maxsplit=1)[0] == package or not _is_foreign(filename)


def _is_foreign(filename: str) -> bool:
    return any(part in filename for part in _FOREIGN)
