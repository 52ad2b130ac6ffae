"""The Databricks CLI: the only place that starts it, with its direct engine.

Who logs in and how is the CLI's own business: it finds a token in the environment or the profile of the user, as
always, and nothing of that passes through here.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from framework.core.errors import DatabricksError, FrameworkError
from framework.core.versions import MINIMUM_CLI, dotted, version_in
from framework.deploy.secrets import without_secrets
from framework.deploy.workspace import login_advice

VARIABLE = "FRAMEWORK_DATABRICKS_CLI"
"""The environment variable with the path of the CLI to use, when it is not the one on PATH."""

_INSTALL = "Install it: docs.databricks.com/dev-tools/cli/install"
_QUICK = 300.0
"""Seconds in which the CLI reads a bundle and its state, and asks for every resource."""
_OURS = ("DATABRICKS_BUNDLE_", "BUNDLE_VAR_", "BUNDLE_ROOT", "DATABRICKS_TF_", "DATABRICKS_LOG_")
"""Settings that would deploy something else than what was compiled."""
_SETTINGS = {
    "DATABRICKS_BUNDLE_ENGINE": "direct",
    "DATABRICKS_CLI_DISABLE_UPDATE_CHECK": "true",
    "NO_COLOR": "1",
}
_LOCK_OF_ANOTHER = "deploy lock"
"""Stands in what the CLI says when somebody holds its lock."""
_ADVICE = (
    (_LOCK_OF_ANOTHER, "Somebody deploys with the Databricks CLI itself. Wait until that is done, then try again."),
    ("does not match state serial", "The deployment changed meanwhile. Plan again."),
    ("does not match state lineage", "The deployment changed meanwhile. Plan again."),
    ("cannot configure default credentials", "Log in: databricks auth login --host https://<your workspace>"),
    ("(403", "Ask for the permission that is named. What you have: databricks current-user me"),
    ("permission", "Ask for the permission that is named. What you have: databricks current-user me"),
    ("(404", "Something that is referred to is not there; make it, or mend its name."),
    ("(429", "The workspace has too much to do. Try again in some minutes."),
    ("already exists", "Deploy again: what is there already is then taken over, or named."),
)
_LOGIN_REFUSED = ("(401", "invalid access token")
_DEFAULT_ADVICE = "Run the same command again: it goes on from what is there. Nothing is made twice."


@dataclass(frozen=True)
class DatabricksCli:
    """An executable that is new enough."""

    path: str
    version: str


def find_cli(environment: Mapping[str, str] = os.environ) -> DatabricksCli:
    """The CLI that ``FRAMEWORK_DATABRICKS_CLI`` names, or the one on PATH. Raises FrameworkError."""
    named = environment.get(VARIABLE)
    path = shutil.which(named or "databricks", path=environment.get("PATH"))
    if path is None:
        raise FrameworkError(f"no Databricks CLI at {VARIABLE}" if named else "no Databricks CLI on PATH", _INSTALL)
    try:
        said = subprocess.run(
            [path, "-v"], capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        said = ""
    number = version_in(said)
    if not number:
        raise FrameworkError(f"{path} does not say its version", f"Does this work? {path} -v")
    if number < MINIMUM_CLI:
        raise FrameworkError(
            f"the Databricks CLI at {path} is {dotted(number)}; {dotted(MINIMUM_CLI)} or later is needed", _INSTALL
        )
    return DatabricksCli(str(Path(path).absolute()), dotted(number))  # it works in other directories


@dataclass(frozen=True, kw_only=True)
class BundleCli:
    """The CLI at work on the bundle in ``directory``; ``kept_open`` are file descriptors that its process holds too.

    ``failed`` gets the beginning and end of each of its processes that changed something, and failed or was killed: it
    may have left its lock.

    Every method raises DatabricksError, with what the CLI said and what to do next.
    """

    cli: DatabricksCli
    directory: Path
    target: str
    variables: Mapping[str, str] = field(default_factory=dict)
    kept_open: tuple[int, ...] = ()
    failed: list[tuple[datetime, datetime]] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """The bundle with every reference filled in, where it is deployed, and the ids and links of its resources."""
        return self._json("summary")

    def plan(self) -> dict[str, Any]:
        """What a deployment would do now. It changes nothing."""
        return self._json("plan")

    def deploy(self, plan: Path, patience: float) -> None:
        """Do what is in the file ``plan``; refused when the deployment changed since it was made."""
        self._run("deploy", "--plan", str(plan), "--auto-approve", patience=patience, to_the_end=True)

    def bind(self, key: str, identifier: str) -> None:
        """Let the bundle's resource ``key`` stand for something that is there."""
        self._run("deployment", "bind", key, identifier, "--auto-approve", to_the_end=True)

    def unbind(self, key: str) -> None:
        """Forget a resource, which stays as it is."""
        self._run("deployment", "unbind", key, to_the_end=True)

    def destroy(self, patience: float) -> None:
        """Delete everything that the bundle has deployed, and its own files."""
        self._run("destroy", "--auto-approve", patience=patience, to_the_end=True)

    def _json(self, command: str) -> dict[str, Any]:
        text = self._run(command, "--output", "json")
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise DatabricksError(f"databricks bundle {command} answered no JSON object", f"Try it: {self.cli.path} -v")
        return value

    def _run(self, *command: str, patience: float = _QUICK, to_the_end: bool = False) -> str:
        variables = [part for name, value in self.variables.items() for part in ("--var", f"{name}={value}")]
        # Files, not pipes: when we are killed, the CLI goes on to its end, and whoever waits for our lock waits for it.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen(
                [self.cli.path, "bundle", *command, "--target", self.target, *variables],
                cwd=self.directory,
                env=environment_for_cli(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                pass_fds=self.kept_open,
                # ^C is for us: the CLI would die in the middle of a change, and keep its lock.
                start_new_session=True,
            )
            began = datetime.now(UTC).replace(microsecond=0)
            try:
                _wait_for(process, command[0], patience, to_the_end)
            finally:
                if to_the_end and process.returncode != 0 and _LOCK_OF_ANOTHER not in _text(err):
                    self.failed.append((began, datetime.now(UTC)))
            said, complaint = _text(out), _text(err)
        if process.returncode != 0:
            raise _refused(command[0], process.returncode, complaint or said)
        return said


def environment_for_cli(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The user's own, without what would change the bundle, its state's place or the engine."""
    return {name: value for name, value in environment.items() if not name.startswith(_OURS)} | _SETTINGS


def _wait_for(process: subprocess.Popen[bytes], command: str, patience: float, to_the_end: bool) -> None:
    """Until it ends. The first ^C lets it finish its change and then counts; the second one ends it at once."""
    until = time.monotonic() + patience
    try:
        try:
            process.wait(timeout=patience)
        except KeyboardInterrupt:
            if to_the_end:
                said = f"bundle {command} finishes what it has begun; ^C again kills it. Afterwards: framework status"
                sys.stderr.write(f"\nInterrupted: {said}\n")
                process.wait(timeout=max(0.0, until - time.monotonic()))
            raise
    except subprocess.TimeoutExpired:
        raise DatabricksError(
            f"databricks bundle {command} did not end within {patience / 60:.0f} minutes",
            "Is the workspace reachable? Run the same command again: it goes on from what is there.",
        ) from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", errors="replace")


def _refused(command: str, code: int, said: str) -> DatabricksError:
    if code < 0:
        return DatabricksError(f"the Databricks CLI was killed (signal {-code}) in bundle {command}", _DEFAULT_ADVICE)
    lines = list(dict.fromkeys(_errors(without_secrets(said))))
    text = "; ".join(lines[:3]) or f"it ended with exit code {code} and said nothing"
    advice = next((advice for words, advice in _ADVICE if words in text.lower()), _DEFAULT_ADVICE)
    if any(words in text.lower() for words in _LOGIN_REFUSED):
        advice = login_advice()
    return DatabricksError(f"databricks bundle {command}: {text}", advice)


def _errors(said: str) -> Iterator[str]:
    """The lines that say what went wrong; the last one when none says so."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    found = [line.removeprefix("Error: ") for line in lines if line.startswith("Error: ")]
    yield from found or lines[-1:]
