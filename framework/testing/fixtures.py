"""Fixtures for the tests of projects: the same local Spark as in ``framework run``, and a workspace to deploy to."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from framework.core.events import Event, Note
from framework.local.engine import Engine
from framework.local.paths import LocalPaths

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from framework.testing.fake_workspace import FakeWorkspace


@pytest.fixture(scope="session")
def _local_spark(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the local state that the fixtures share."""
    return tmp_path_factory.mktemp("local spark")


@pytest.fixture(scope="session")
def local_engine(_local_spark: Path) -> Iterator[Engine]:
    """A local engine with an empty warehouse of its own, for the whole test session."""

    def say_warnings(event: Event) -> None:
        if isinstance(event, Note) and event.warning:
            print(event.message)

    with Engine.connect(LocalPaths(_local_spark), say_warnings) as engine:
        yield engine


@pytest.fixture(scope="session")
def spark(local_engine: Engine) -> "Iterator[SparkSession]":
    """A Spark Connect session with Delta, as a task has it locally and on serverless."""
    from pyspark.sql import SparkSession

    session = SparkSession.builder.remote(local_engine.remote_url(str(uuid.uuid4()))).getOrCreate()
    yield session
    session.stop()


@pytest.fixture
def fake_workspace() -> "Iterator[FakeWorkspace]":
    """A Databricks workspace of its own for each test, over real HTTP and without an account. Runs execute nothing."""
    from framework.testing.fake_workspace import FakeWorkspace

    with FakeWorkspace() as workspace:
        yield workspace


@pytest.fixture
def running_workspace(local_engine: Engine, _local_spark: Path) -> "Iterator[FakeWorkspace]":
    """The same, but runs of jobs are executed on the Spark of the fixture ``spark``.

    A table ``prod.raw.sales`` of the workspace is ``spark_catalog.prod__raw.sales`` there. Tables and models stay for
    the whole test session.
    """
    from framework.testing.fake_workspace import FakeWorkspace
    from framework.testing.local_jobs import LocalJobs

    with LocalJobs(_local_spark) as jobs, FakeWorkspace(run_job=jobs, tables=jobs.warehouse) as workspace:
        yield workspace
