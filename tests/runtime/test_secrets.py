"""``context.secret``: from the workspace, from a file that git ignores, or from the environment."""

import json
import sys
from types import SimpleNamespace

import pytest

from framework import TaskContext
from framework.core.errors import FrameworkError
from framework.runtime import redaction, run_records
from framework.runtime.redaction import redacted


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    monkeypatch.setattr(redaction, "_secrets", [])
    monkeypatch.delenv(run_records.OUTBOX, raising=False)
    monkeypatch.delenv("DATABRICKS_RUNTIME_VERSION", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(state, value):
    state.mkdir(exist_ok=True)
    (state / "secrets.json").write_text(json.dumps({"shop": {"db": value}}))


def test_from_the_file_of_the_checkout_and_redacted(here, monkeypatch):
    write(here / ".framework", "hunter2")
    (here / "projects" / "shop").mkdir(parents=True)
    monkeypatch.chdir(here / "projects" / "shop")

    assert TaskContext().secret("shop", "db") == "hunter2"
    assert redacted("hunter2") == "[REDACTED]"


def test_a_task_that_has_gone_elsewhere_still_finds_the_file(here, monkeypatch, tmp_path_factory):
    write(here / ".framework", "hunter2")
    monkeypatch.setenv(run_records.OUTBOX, str(here / ".framework/runs/1/tasks/train/1"))
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert TaskContext().secret("shop", "db") == "hunter2"


def test_from_the_environment_before_the_file(here, monkeypatch):
    (here / ".framework").mkdir()
    (here / ".framework/secrets.json").write_text(json.dumps({"shop": {"db-key": "of the file"}}))
    monkeypatch.setenv("FRAMEWORK_SECRET_SHOP_DB_KEY", "hunter2")
    assert TaskContext().secret("shop", "db-key") == "hunter2"
    assert redacted("hunter2") == "[REDACTED]"


def test_one_that_is_missing_names_both_places(here):
    with pytest.raises(FrameworkError, match="no secret 'db' in scope 'shop'") as caught:
        TaskContext().secret("shop", "db")
    assert str(here / ".framework/secrets.json") in caught.value.hint
    assert "FRAMEWORK_SECRET_SHOP_DB" in caught.value.hint


class Scopes:
    def get(self, scope, key):
        if scope != "shop":
            raise RuntimeError("Secret does not exist\n\tat java.lang")
        return f"{key}-hunter2"


def test_on_databricks_from_the_dbutils_of_the_notebook(monkeypatch):
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "16.4")
    monkeypatch.setattr(sys.modules["__main__"], "dbutils", SimpleNamespace(secrets=Scopes()), raising=False)
    assert TaskContext().secret("shop", "db") == "db-hunter2"
    assert redacted("db-hunter2") == "[REDACTED]"

    with pytest.raises(FrameworkError, match="'db' of scope 'none': Secret does not exist") as caught:
        TaskContext().secret("none", "db")
    assert "java" not in caught.value.message
    assert "databricks secrets list-secrets none" in caught.value.hint
