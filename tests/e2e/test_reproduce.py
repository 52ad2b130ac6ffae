"""A run is done once more from its commit, after everything that it used has changed."""

import shutil
import subprocess

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from mlflow import MlflowClient

FEATURES = "features.db/daily_units"


@pytest.fixture
def committed(shop):
    (shop.root / ".gitignore").write_text(".framework\n")
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "first")):
        ana = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com")
        subprocess.run(["git", *ana, *command], cwd=shop.root, check=True)
    yield shop
    shutil.rmtree(shop.root / ".git")
    (shop.root / ".gitignore").unlink()


def change_everything(shop):
    """The training counts one more, there are other features, and no model is live."""
    shop.edit(shop.code, ("features.count()", "features.count() + 1"))
    rows = pa.table({"product": ["z"], "day": pa.array([1], pa.int32()), "units": [9.0]})
    write_deltalake(str(shop.root / ".framework/warehouse" / FEATURES), rows, mode="overwrite")
    store = f"sqlite:///{shop.root}/.framework/mlflow/mlflow.db"
    MlflowClient(store, store).delete_registered_model_alias("spark_catalog.models.demand", "champion")


def lines(done, task):
    found = next(each for each in done.json["tasks"] if each["task"] == task)
    return {line["what"]: line for line in found["lines"]}


def test_a_run_is_the_same_again_though_code_tables_and_model_have_changed_since(committed):
    first = committed.framework("run", "-o", "json")
    assert first.code == 0, first.stderr
    change_everything(committed)
    before = {name: committed.commits(name) for name in (FEATURES, "predictions.db/daily_units")}

    number = str(first.json["job_run_id"])
    again = committed.framework("reproduce", number, "--task", "train", "--task", "score", "-o", "json")

    assert again.code == 0, again.stdout + again.stderr
    assert {task["task"]: task["judgement"] for task in again.json["tasks"]} == {"train": "same", "score": "same"}
    assert lines(again, "train")["metric rows"]["now"] == "30.0"
    assert lines(again, "score")["rows of predictions.daily_units"]["now"] == "30"
    # Nothing of it is left in what others read.
    assert {name: committed.commits(name) for name in before} == before
    assert "reproduce" not in " ".join(p.name for p in (committed.root / ".framework/warehouse").iterdir())
    assert not list((committed.root / ".git/worktrees").glob("*"))
