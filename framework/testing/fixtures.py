"""Fixtures for the tests of projects: the same local Spark as in ``framework run``, and a workspace to deploy to."""

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from framework.core.events import Event, Note
from framework.local.engine import Engine
from framework.local.paths import LocalPaths

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from framework.testing.fake_workspace import FakeWorkspace


@pytest.fixture(scope="session")
def local_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A local engine with an empty warehouse of its own, for the whole test session."""

    def say_warnings(event: Event) -> None:
        if isinstance(event, Note) and event.warning:
            print(event.message)

    with Engine.connect(LocalPaths(tmp_path_factory.mktemp("local-spark")), say_warnings) as engine:
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
    """A Databricks workspace of its own for each test, over real HTTP and without an account."""
    from framework.testing.fake_workspace import FakeWorkspace

    with FakeWorkspace() as workspace:
        yield workspace
