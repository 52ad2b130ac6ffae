"""Aliases of models: moved back by commands, noted wherever they move, and versions that stay."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from hypothesis import given
from hypothesis import strategies as st

from framework.console.model_view import show_changes, show_moves
from framework.console.streams import stdout
from framework.core.errors import DatabricksError, FrameworkError, UsageError
from framework.core.model_notes import AliasMove, Signature, with_moves_of
from framework.deploy.alias_ledger import AliasLedger
from framework.deploy.models import WantedMove, copy_version, delete_version, models_of, move, planned_moves
from framework.deploy.workspace import client as logged_in
from framework.records.alias_changes import AliasChange
from framework.records.releases import Deployment
from framework.testing.fake_workspace import ADMIN, FakeWorkspace, Fault

MODEL = "prod.models.demand"
WEEKLY = Signature(("stock_code string", "week date"), ("units double",))
WITH_PRICE = Signature((*WEEKLY.inputs, "price double"), ("value double",))
WITH_HINT = Signature((*WEEKLY.inputs, "hint string?"), WEEKLY.outputs)
ROOT = "/Workspace/framework/prod/shop"


@pytest.fixture
def workspace() -> Iterator[FakeWorkspace]:
    """A model with four versions, of which the third is live; a run moved the alias to it."""
    moved = AliasMove(alias="champion", before="2", after="3", moved_at="2026-01-01T00:00:00.000Z", by="job run 7")
    with FakeWorkspace() as workspace:
        workspace.add_securable("schema", "prod.models")
        workspace.add_securable("registered_model", MODEL)
        workspace.add_model_version(MODEL)  # does not tell its signature
        workspace.add_model_version(MODEL, ["previous_champion"], comment=f"Trained on x\n{WEEKLY.as_line()}")
        workspace.add_model_version(MODEL, ["champion"], comment=f"{WITH_HINT.as_line()}\n{moved.as_line()}")
        workspace.add_model_version(MODEL, comment=WITH_PRICE.as_line())
        yield workspace


@pytest.fixture
def client(workspace: FakeWorkspace) -> WorkspaceClient:
    return WorkspaceClient(host=workspace.url, token=workspace.token)


def deployment(release: str, **aliases: str) -> Deployment:
    return Deployment(
        id=release, project="shop", target="prod", release=release, started_at=f"2026-01-0{release[-1]}",
        result="succeeded", model_aliases={MODEL: aliases},
    )  # fmt: skip


PAST = [deployment("r1", champion="1"), deployment("r2", champion="2"), deployment("r3", champion="3")]


def planned(client: WorkspaceClient, to: str, **more):
    (found,) = planned_moves(client, PAST, WantedMove(to=to, **more))
    return found


@pytest.mark.parametrize(
    ("wanted", "after"),
    [
        (WantedMove(to="previous"), "2"),
        (WantedMove(to="4"), "4"),
        (WantedMove(to="v4"), "4"),
        (WantedMove(to="as-of-release"), "2"),
        (WantedMove(to="as-of-release", release="r1"), "1"),
    ],
)
def test_where_an_alias_can_go(client, wanted, after):
    (found,) = planned_moves(client, PAST, wanted)
    assert (found.model, found.alias, found.before, found.after) == (MODEL, "champion", "3", after)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (WantedMove(to="yesterday"), "'yesterday' is no version"),
        (WantedMove(to="9"), "has no version 9"),
        (WantedMove(to="previous", alias="challenger"), "has no previous_challenger: it never moved"),
        (WantedMove(to="as-of-release", alias="challenger"), "had no challenger when that release was deployed"),
        (WantedMove(to="as-of-release", release="r7"), "'r7' was never live here"),
    ],
)
def test_where_it_can_not(client, wanted, message):
    with pytest.raises(UsageError, match=message):
        planned_moves(client, PAST, wanted)


def test_a_version_of_one_of_several_models_needs_its_name(workspace, client):
    workspace.add_securable("registered_model", "prod.models.other")
    past = [*PAST, Deployment(**{**vars(PAST[0]), "model_aliases": {"prod.models.other": {}}})]
    with pytest.raises(UsageError, match="version 2 of which model"):
        planned_moves(client, past, WantedMove(to="2"))


def test_a_move_is_on_record_and_can_be_taken_back(client):
    ledger = AliasLedger(client, ROOT)
    change = move(client, planned(client, "2"), ledger, "rollback")

    found = {a.alias_name: a.version_num for a in client.registered_models.get(MODEL, include_aliases=True).aliases}
    assert found == {"champion": 2, "previous_champion": 3}
    assert (change.by, change.reason) == (ADMIN, "rollback")
    by_run, by_command = ledger.changes([MODEL])
    assert (by_run.by, by_run.before, by_run.after) == ("job run 7", "2", "3")
    assert by_command == change

    move(client, planned(client, "previous"), ledger, "rollback")
    assert [each.after for each in ledger.changes([MODEL])] == ["3", "2", "3"]
    assert ledger.changes([]) == []


def test_nothing_is_moved_to_where_it_is(client):
    assert move(client, planned(client, "3"), AliasLedger(client, ROOT), "rollback") is None


def test_a_version_that_needs_more_than_it_is_given_is_refused(client, capsys):
    wanted = planned(client, "4")
    show_moves(stdout(), [wanted])

    assert "v3 → v4  (it takes 'price double'; it does not give 'units double')" in capsys.readouterr().out
    with pytest.raises(FrameworkError, match=r"v4 of prod\.models\.demand cannot take the place of v3"):
        move(client, wanted, AliasLedger(client, ROOT), "rollback")


def test_a_version_that_does_not_tell_its_signature_is_not_said_to_fit(client, capsys):
    show_moves(stdout(), [planned(client, "1")])
    assert "not known whether they fit" in capsys.readouterr().out


def test_an_alias_that_somebody_else_moved_meanwhile(client):
    wanted = planned(client, "2")
    client.registered_models.set_alias(MODEL, "champion", 4)
    with pytest.raises(DatabricksError, match="was moved by somebody else meanwhile"):
        move(client, wanted, AliasLedger(client, ROOT), "rollback")


def test_a_move_that_is_refused_never_was(workspace, client):
    workspace.faults.add(Fault("PUT */aliases/champion", status=403, times=0))
    with pytest.raises(DatabricksError, match="cannot move champion"):
        move(client, planned(client, "2"), AliasLedger(client, ROOT), "rollback")
    assert [each.by for each in AliasLedger(client, ROOT).changes([MODEL])] == ["job run 7"]


@pytest.mark.parametrize("fault", [{"status": 500}, {"cut": True}])
def test_a_move_that_nobody_saw_the_end_of_is_on_record(workspace, fault, capsys, monkeypatch):
    monkeypatch.setenv("DATABRICKS_TOKEN", workspace.token)
    client = logged_in(workspace.url, retry_seconds=1)
    workspace.faults.add(Fault("PUT */aliases/champion", times=0, **fault))
    with pytest.raises(DatabricksError, match="cannot move champion"):
        move(client, planned(client, "2"), AliasLedger(client, ROOT), "rollback")
    _, unknown = AliasLedger(client, ROOT).changes([MODEL])
    assert (unknown.after, unknown.result) == ("2", "unknown")
    show_changes(stdout(), [unknown])
    assert "nobody saw its end" in " ".join(capsys.readouterr().out.split())


def test_moves_are_known_that_are_on_record_in_one_file(workspace, client):
    ledger = AliasLedger(client, ROOT)
    change = move(client, planned(client, "2"), ledger, "rollback")
    earlier = replace(change, moved_at="2026-01-02T00:00:00.000Z", id="1" * 12)
    workspace.write(f"{ROOT}/alias_changes/{earlier.name}.json", json.dumps(earlier.as_dict()).encode())
    assert ledger.changes([MODEL])[1:] == [earlier, change]


def test_a_model_that_somebody_deleted_is_no_reason_to_stop(client):
    gone = Deployment(**{**vars(PAST[2]), "model_aliases": {MODEL: {"champion": "2"}, "prod.models.gone": {}}})
    past = [*PAST, gone]
    assert [each.model for each in planned_moves(client, past, WantedMove(to="previous"))] == [MODEL]
    assert [each.model for each in AliasLedger(client, ROOT).changes(models_of(past))] == [MODEL]


@pytest.mark.parametrize(("to", "after"), [("previous", "2"), ("1", "1")])
def test_interrupted_between_the_two_aliases_the_same_command_goes_on(workspace, client, to, after):
    ledger = AliasLedger(client, ROOT)
    workspace.faults.add(Fault("PUT */aliases/previous_champion", status=403))
    said = rf"cannot let previous_champion of {MODEL} stand for v3 \(champion is v{after} now, and the same command"
    with pytest.raises(DatabricksError, match=said):
        move(client, planned(client, to), ledger, "rollback")
    (_, open_end), refused = ledger.changes([MODEL]), planned(client, "3")
    assert (open_end.after, open_end.result) == (after, "unknown")
    workspace.faults.add(Fault("PUT */aliases/champion", status=403))
    with pytest.raises(DatabricksError, match="cannot move champion"):
        move(client, refused, ledger, "rollback")

    done = move(client, planned(client, to), ledger, "rollback")
    found = {a.alias_name: a.version_num for a in client.registered_models.get(MODEL, include_aliases=True).aliases}
    assert found == {"champion": int(after), "previous_champion": 3}
    assert ledger.changes([MODEL])[1:] == [done] == [replace(open_end, result="moved")]
    assert move(client, planned(client, after), ledger, "rollback") is None


@pytest.mark.parametrize(
    ("version", "message"),
    [("3", "v3 of prod.models.demand is its champion, and stays"), ("1", "was live with release r1, which is kept")],
)
def test_versions_that_something_needs_are_not_deleted(client, version, message):
    with pytest.raises(FrameworkError, match=message):
        delete_version(client, MODEL, version, PAST)


def test_a_version_that_nothing_needs_can_be_deleted(client):
    assert delete_version(client, MODEL, "04", PAST) == "4"
    assert sorted(each.version for each in client.model_versions.list(MODEL)) == [1, 2, 3]


def test_a_copy_takes_its_description_along_but_not_its_past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from mlflow import MlflowClient

    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    store = f"sqlite:///{tmp_path}/registry.db"
    registry = MlflowClient(tracking_uri=store, registry_uri=store)
    registry.create_registered_model("staging.models.demand")
    registry.create_registered_model("prod.models.demand")
    (tmp_path / "model").mkdir()
    made = registry.create_model_version("staging.models.demand", str(tmp_path / "model"))
    moved = AliasMove(alias="champion", before="", after="1", moved_at="2026-01-01T00:00:00Z", by="job run 7")
    said = "\n".join([WEEKLY.as_line(), moved.as_line()])
    registry.update_model_version("staging.models.demand", made.version, said)

    copied = copy_version("staging.models.demand", "1", "prod.models.demand", registry=store)
    description = registry.get_model_version("prod.models.demand", copied).description
    assert description == f"{WEEKLY.as_line()}\nCopied from staging.models.demand v1"
    with pytest.raises(DatabricksError, match=r"cannot copy v9 of staging\.models\.demand"):
        copy_version("staging.models.demand", "9", "prod.models.demand", registry=store)
    assert not list(Path.cwd().iterdir())


WORD = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=9)
COLUMNS = st.lists(WORD.map(lambda name: f"{name} long")).map(tuple)
MOVES = st.builds(
    AliasMove, alias=WORD, before=st.sampled_from(["", "1", "22"]), after=st.sampled_from(["3", "4"]),
    moved_at=st.just("2026-01-01T00:00:00.000Z"), by=st.sampled_from(["job run 7", "ann@example.com"]),
)  # fmt: skip


@given(COLUMNS, COLUMNS, st.lists(MOVES, max_size=3))
def test_a_description_keeps_what_machines_need(inputs, outputs, moves):
    signature = Signature(inputs, outputs)
    lines = ["Trained on raw.sales v3", signature.as_line(), *(each.as_line() for each in moves)]
    assert Signature.of("\n".join(lines)) == signature
    assert [*AliasMove.lines_in("\n".join(lines))] == moves
    assert [*AliasMove.lines_in(with_moves_of("Trained anew", "\n".join(lines)))] == moves
    assert signature.misfits(signature) == ()


@pytest.mark.parametrize("said", ["", "Signature: {", "Signature: []", 'Signature: {"inputs": 1}', "Signature: 3"])
def test_a_description_that_tells_no_signature(said):
    assert Signature.of(said) is None


@pytest.mark.parametrize("value", [None, [], {}, {"schema": 2}, {"schema": 1, "model": "x"}])
def test_a_file_that_is_no_record_of_a_move(value):
    with pytest.raises(FrameworkError):
        AliasChange.from_dict(value)
