"""A bundle whose native tasks are executed as attempts of the engine."""

import json
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

from framework.core.task_run import AttemptRecord
from framework.local.protocol import AttemptEnded, AttemptSpec
from framework.local.task_types.invocation import CALL, Invocation

FILES = Path(__file__).parent / "files"
HEADER = "# Databricks notebook source\n"


@dataclass(frozen=True)
class Outcome:
    """What an attempt left behind."""

    ended: AttemptEnded
    directory: Path

    @property
    def record(self):
        return AttemptRecord.from_json((self.directory / "record.json").read_text())

    @property
    def error(self):
        assert self.ended.exit_code == 1
        return self.record.error

    @property
    def printed(self):
        assert self.ended.exit_code == 0, self.record.error
        return (self.directory / "stdout.log").read_text()

    def left(self, name):
        return json.loads((self.directory / name).read_text())


@dataclass(frozen=True)
class Bundle:
    """A copy of the example files, and the engine that executes them."""

    engine: object
    folder: Path
    root: Path

    def run(self, task_type, file=None, **fields):
        directory = self.folder / f"attempt-{uuid.uuid4().hex[:6]}"
        invocation = Invocation(
            task_type=task_type,
            task_key="task",
            job_run_id="1",
            task_run_id="2",
            attempt=1,
            project="shop",
            pipeline="daily",
            target="dev",
            root=self.root,
            file=file,
            task_values=self.folder,
            secrets=self.folder / "secrets.json",
            **fields,
        )
        self.engine.start(
            AttemptSpec(
                attempt_id=directory.name,
                argv=(invocation.to_json(),),
                call=CALL,
                directory=directory,
                cwd=self.root,
                sys_path=(str(self.root / "site"),),
            )
        )
        while True:
            # Another attempt that ends now is one that a test before this one gave up waiting for.
            (ended,) = self.engine.wait(120)
            if ended.attempt_id == directory.name:
                return Outcome(ended, directory)

    def notebook(self, *cells, **fields):
        """Run a notebook of these cells."""
        (self.root / "nb.py").write_text(HEADER + "\n# COMMAND ----------\n".join(cells) + "\n")
        return self.run("notebook_task", Path("nb.py"), **fields)

    def sql(self, text, **fields):
        """Run a SQL file of this text."""
        (self.root / "some.sql").write_text(text)
        return self.run("sql_task", Path("some.sql"), **fields)


@pytest.fixture
def bundle(engine, tmp_path):
    root = tmp_path / "bundle"
    shutil.copytree(FILES, root)
    return Bundle(engine, tmp_path, root)
