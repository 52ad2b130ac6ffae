"""A run is done once more from its commit, after everything that it used has changed."""

import shutil
import subprocess
from pathlib import Path

import pytest

COMMIT = ("git", "-c", "user.name=Ana", "-c", "user.email=ana@example.com", "commit", "-q", "-a", "-m")


def git(shop, *arguments):
    subprocess.run(arguments, cwd=shop.root, check=True, capture_output=True)


def judgements(done):
    return {task["task"]: task["judgement"] for task in done.json["tasks"]}


def lines(done, task):
    found = next(each for each in done.json["tasks"] if each["task"] == task)
    return {line["what"]: line for line in found["lines"]}


@pytest.mark.timeout(900)
def test_a_run_is_the_same_again_though_code_tables_and_model_have_changed_since(warm_copy):
    git(warm_copy, "git", "init", "-q")
    (warm_copy.root / ".gitignore").write_text(".framework\n")
    git(warm_copy, "git", "add", "-A")
    git(warm_copy, *COMMIT, "first")
    first = warm_copy.framework("run", "-o", "json")
    assert first.code == 0, first.stderr
    number = str(first.json["job_run_id"])
    # Other features, and another model, which goes live since it is no worse.
    warm_copy.edit(
        warm_copy.code, ('F.sum("units")', '(F.sum("units") + 0.25)'), ("float(slope)", "float(slope) + 1e-9")
    )
    warm_copy.edit(warm_copy.pipeline, ("    beats: champion\n", ""))
    second = warm_copy.framework("run", "-o", "json")
    assert second.code == 0, second.stderr
    before = {name: warm_copy.commits(name) for name in ("features.db/daily_units", "predictions.db/daily_units")}

    again = warm_copy.framework("reproduce", number, "-o", "json")

    assert again.code == 0, again.stdout + again.stderr
    assert judgements(again) == dict.fromkeys(("features", "train", "evaluate", "score"), "same")
    assert again.json["skipped"] == {"register": "models are never registered again"}
    assert lines(again, "score")["model models.demand"]["now"] == "v1"
    assert lines(again, "score")["rows of predictions.daily_units"]["now"] == "30"
    # Nothing of it is left in what others read.
    assert {name: warm_copy.commits(name) for name in before} == before
    assert "reproduce" not in " ".join(p.name for p in (warm_copy.root / ".framework/warehouse").iterdir())
    assert not list((warm_copy.root / ".git/worktrees").glob("*"))

    refuses_a_dirty_run_whose_copy_is_gone(warm_copy, str(second.json["job_run_id"]))
    tells_of_a_version_that_was_vacuumed(warm_copy, number)


def refuses_a_dirty_run_whose_copy_is_gone(shop, number):
    shutil.rmtree(shop.root / ".framework/runs" / number / "bundle")
    refused = shop.framework("reproduce", number)
    assert refused.code == 2
    assert "the run's own copy of its code is gone" in refused.stderr


def tells_of_a_version_that_was_vacuumed(shop, number):
    table = shop.root / ".framework/warehouse/features.db/daily_units"
    for file in oldest_files(table):
        file.unlink()
    told = shop.framework("reproduce", number, "--task", "train", "-o", "json")
    assert told.code == 1
    line = lines(told, "train")["reads features.daily_units"]
    assert (line["now"], line["judgement"]) == ("gone", "unknown")
    assert "vacuumed" in line["reason"]


def oldest_files(table):
    from urllib.parse import unquote, urlparse

    from deltalake import DeltaTable

    return [Path(unquote(urlparse(uri).path)) for uri in DeltaTable(str(table), version=0).file_uris()]
