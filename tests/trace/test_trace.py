"""From a number back to its causes, and from a source on to what came of it."""

from dataclasses import replace

import pytest
from deltalake import DeltaTable

from framework.core.errors import UsageError
from framework.core.task_run import ModelVersion, TableVersion
from framework.trace.tables import Commit
from framework.trace.tracing import trace


def titles(graph):
    return {node.title for node in graph.nodes.values()}


def roles(graph, kind="attempt"):
    """``role title`` of each edge that leads to something of that kind."""
    return [f"{e.role} {graph.nodes[e.target].title}" for e in graph.edges if graph.nodes[e.target].kind == kind]


def test_one_predicted_number_leads_to_code_inputs_training_and_metrics(world):
    graph = world.trace("predictions.daily", product="b", logical_date="2024-03-02")

    row = graph.nodes[graph.root]
    assert row.facts["values"] == {"product": "b", "forecast": 3.5, "logical_date": "2024-03-02"}
    assert [node.title for _, node in graph.after(row.id)] == [f"{world.predictions} v1"]
    assert sorted(roles(graph)) == [
        "measured by task evaluate of run 2: SUCCESS",
        "model trained by task train of run 2: SUCCESS",
        "model trained by task train of run 2: SUCCESS",
        "registered by task register of run 2: SUCCESS",
        "trained by task train of run 2: SUCCESS",
        "written by task features of run 2: SUCCESS",
        "written by task score of run 2: SUCCESS",
    ]
    train, evaluate = (graph.nodes[f"attempt:2000{number}/1"] for number in (2, 3))
    assert (train.facts["metrics"], evaluate.facts["metrics"]) == ({"rmse": 5.0}, {"wape": 0.2})
    assert evaluate.facts["verdict"] == "passed: wape 0.4 is at most 0.6"
    assert train.links["mlflow_run"] == "f" * 31 + "2"
    (code,) = (node for node in graph.nodes.values() if node.kind == "code")
    assert code.title == "commit c0ffee200000 with changes that were not committed, release " + "ab12" * 4
    assert {f"{world.features} v1", f"{world.raw} v0", "file data/sales.csv", f"{world.model} v2"} <= titles(graph)
    assert not any(node.problem for node in graph.nodes.values())


@pytest.mark.parametrize(
    ("row", "version"),
    [
        ({"product": "a", "forecast": "3.5"}, 2),  # the first day was scored again
        ({"product": "a", "logical_date": "2024-03-02"}, 1),
    ],
)
def test_the_writer_of_a_row_is_the_latest_commit_of_its_slice(world, row, version):
    graph = world.trace("predictions.daily", **row)
    assert [node.title for _, node in graph.after(graph.root)] == [f"{world.predictions} v{version}"]


@pytest.mark.parametrize(("given", "version"), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)])
def test_the_writer_of_a_row_of_a_ledger_is_the_append_that_brought_it(empty, given, version):
    for number in range(5):
        empty.write(empty.raw, {"number": [number], "x": [None]}, {"task_run_id": str(number)}, "append")

    graph = empty.trace("raw.sales", number=str(given))
    assert [node.title for _, node in graph.after(graph.root)] == [f"{empty.raw} v{version}"]


def test_a_row_that_stayed_through_appends_was_written_by_the_overwrite_before_them(empty):
    for mode in ("overwrite", "overwrite", "append", "append"):
        empty.write(empty.raw, {"n": [1 if mode == "overwrite" else 2]}, mode=mode)

    graph = empty.trace("raw.sales", n="1")
    assert [node.title for _, node in graph.after(graph.root)] == [f"{empty.raw} v1"]


def test_what_came_of_a_source(world):
    graph = world.trace("raw.sales@0", "down")

    assert {f"task score of run {run}: SUCCESS" for run in (1, 2, 3)} <= titles(graph)
    assert {f"{world.model} v1", f"{world.predictions} v2"} <= titles(graph)
    assert "used by task score of run 3: SUCCESS" in roles(graph)
    assert f"registers {world.model} v2" in roles(graph, "model")


def test_a_version_that_tags_made_stands_for_the_rows_before_it(empty):
    empty.write(empty.features, {"lag": [1]}, {"task_run_id": "10001", "attempt": 1, "job_run_id": "1"})
    DeltaTable(str(empty.directory(empty.features))).alter.set_table_properties(
        {"delta.logRetentionDuration": "interval 365 days"}
    )
    written, tagged = (TableVersion(empty.features, version) for version in (0, 1))
    readers = empty.attempt(1, "train", inputs=(tagged,)), empty.attempt(1, "evaluate", inputs=(written,))
    empty.record(1, empty.attempt(1, "features", outputs=(written,)), *readers)

    graph = empty.trace(f"{empty.features}@1")
    assert "task features of run 1: SUCCESS" in titles(graph)
    assert graph.nodes[graph.root].facts["same_data_as"] == "v0"
    for version in (0, 1):
        found = titles(empty.trace(f"{empty.features}@{version}", "down"))
        assert {"task train of run 1: SUCCESS", "task evaluate of run 1: SUCCESS"} <= found


@pytest.mark.parametrize(
    ("operation", "is_data", "is_whole"),
    [
        ("WRITE", True, False),
        ("MERGE", True, False),
        ("unknown", True, False),
        ("CREATE TABLE AS SELECT", True, True),
        ("CREATE OR REPLACE TABLE AS SELECT", True, True),
        ("REPLACE TABLE", True, True),
        *((each, False, False) for each in ("OPTIMIZE", "REORG", "VACUUM START", "COMPUTE STATS", "UPGRADE PROTOCOL")),
        *((each, False, False) for each in ("CLUSTER BY", "DROP COLUMNS", "RENAME COLUMN", "REPLACE COLUMNS")),
    ],
)
def test_only_operations_that_write_rows_are_who_wrote_them(operation, is_data, is_whole):
    commit = Commit(version=3, at=None, operation=operation)
    assert (commit.is_data, commit.is_whole) == (is_data, is_whole)


@pytest.mark.parametrize(
    ("subject", "root", "kinds"),
    [
        ("2", "run 2: SUCCESS", {"run", "attempt", "table", "model", "code", "source"}),
        ("20002", "task train of run 2: SUCCESS", {"attempt", "table", "code", "source"}),
        ("last", "run 3: SUCCESS", {"run", "attempt", "table", "model", "code", "source"}),
        ("ab12" * 4, "release " + "ab12" * 4, {"release", "code"}),
        ("f" * 31 + "1", "MLflow run " + "f" * 31 + "1", {"mlflow_run", "attempt", "table", "model", "code", "source"}),
        ("models.demand@champion", "spark_catalog.models.demand@champion", {"alias", "model", "attempt", "table"}),
        ("models.demand/1", "spark_catalog.models.demand v1", {"model", "attempt", "table", "code", "source"}),
        ("spark_catalog.models.demand/v1", "spark_catalog.models.demand v1", {"model", "attempt", "table"}),
        ("features.daily", "spark_catalog.features.daily v2", {"table", "attempt", "code", "source"}),
        ("features.daily@0", "spark_catalog.features.daily v0", {"table", "attempt", "code", "source"}),
    ],
)
def test_everything_that_has_a_name_can_be_traced(world, subject, root, kinds):
    graph = world.trace(subject)
    assert graph.nodes[graph.root].title == root
    assert kinds <= {node.kind for node in graph.nodes.values()}


def test_a_table_made_of_slices_says_where_its_other_rows_are_from(world):
    graph = world.trace("predictions.daily")
    assert graph.nodes[graph.root].facts["other_rows"].startswith("of earlier versions; --row")


def test_a_release_tells_how_it_was_used(world):
    graph = world.trace("ab12" * 4)
    facts = graph.nodes[graph.root].facts
    assert (facts["job_runs"], facts["attempts"], facts["last_used"]) == (3, 15, "2024-03-03T04:00:00Z")
    assert facts["last_runs"] == ["3", "2", "1"]
    assert len(roles(graph, "code")) == 3  # of several commits with the same content each is told
    assert roles(world.trace("ab12" * 4, "down")).count("did task score of run 1: SUCCESS") == 1


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        (
            "features.dialy",
            "there is no table spark_catalog.features.dialy (did you mean 'spark_catalog.features.daily'?)",
        ),
        ("models.demand", "there is no table spark_catalog.models.demand, but a model"),
        ("models.demnd@champion", "(did you mean 'spark_catalog.models.demand'?)"),
        ("4", "no record of run 4"),
        ("c0ffee1", "'c0ffee1' is a commit"),
        ("0123456789abcdef", "no run of release 0123456789abcdef"),
        ("models.demand@nobody", "has no alias 'nobody'"),
        ("models.demand/9", "has no version 9"),
        ("features.weekly", "there is no table spark_catalog.features.weekly"),
        ("features.daily@7", "has no version 7"),
        ("what is this", "nothing that can be traced"),
        ("../../secrets", "nothing that can be traced"),
    ],
)
def test_what_is_not_there_is_said(world, subject, message):
    with pytest.raises(UsageError) as error:
        world.trace(subject)
    assert message in error.value.message and error.value.hint


def test_of_a_model_the_aliases_and_versions_that_there_are_are_named(world):
    with pytest.raises(UsageError) as error:
        world.trace("models.demand/9")
    assert "It has @champion, /1, /2, /3" in error.value.hint


def test_a_version_whose_files_were_vacuumed_is_said_to_be_gone(empty):
    for number in range(2):
        empty.write(empty.features, {"n": [number]})
    kept = latest_files(empty)
    (gone,) = (file for file in empty.directory(empty.features).glob("*.parquet") if file.name not in kept)
    assert not empty.sources.tables.unreadable(empty.features, 0)
    gone.unlink()

    assert (
        empty.trace("features.daily@0").nodes[f"table:{empty.features}@0"].problem == "1 of its 1 files were vacuumed"
    )
    assert not empty.trace("features.daily@1").nodes[f"table:{empty.features}@1"].problem


def latest_files(world):
    from deltalake import DeltaTable

    return [uri.rsplit("/", 1)[-1] for uri in DeltaTable(str(world.directory(world.features))).file_uris()]


def test_a_version_that_the_log_has_forgotten_is_said_to_be(empty):
    for number in range(3):
        empty.write(empty.features, {"n": [number]})
    (empty.directory(empty.features) / "_delta_log" / f"{0:020}.json").unlink()

    graph = empty.trace("features.daily@0")
    assert "does not reach back" in graph.nodes[graph.root].problem


def test_of_a_table_that_is_gone_the_records_still_know_the_writer(empty):
    here, gone = (TableVersion(f"spark_catalog.features.{name}", 1) for name in ("daily", "gone"))
    made = empty.attempt(1, "build", outputs=(replace(gone, version=0),), task_run_id="10008")
    empty.record(1, made, empty.attempt(1, "score", inputs=(gone,), outputs=(here,)))

    for graph in (empty.trace("1"), empty.trace("features.gone@1")):
        node = graph.nodes["table:spark_catalog.features.gone@1"]
        assert "there is no such table" in node.problem
        (found,) = graph.after(node.id)
        assert (found[0], found[1].title) == ("v0 was written by", "task build of run 1: SUCCESS")
    with pytest.raises(UsageError, match="there is no table"):
        empty.trace("features.gone@7")


def test_a_commit_whose_attempt_has_no_record_says_what_to_do(empty):
    empty.write(empty.features, {"n": [1]}, {"task_run_id": "90001", "attempt": 2, "job_run_id": "9", "task_key": "a"})

    (_, attempt), = (graph := empty.trace("features.daily")).after(graph.root)  # fmt: skip
    assert attempt.title == "task a of run 9"
    assert "framework runs sync" in attempt.problem


def test_an_attempt_that_was_made_once_more_stands_for_the_commit_of_the_first(empty):
    empty.write(empty.features, {"n": [1]}, {"task_run_id": "10009", "attempt": 1, "job_run_id": "1"})
    empty.record(1, empty.attempt(1, "build", attempt=2))

    assert roles(empty.trace("features.daily")) == ["written by task build of run 1: SUCCESS"]


def test_a_graph_ends_somewhere(empty):
    inputs = tuple(TableVersion(f"spark_catalog.raw.t{number}", 0) for number in range(500))
    empty.record(1, empty.attempt(1, "features", inputs=inputs))

    graph = empty.trace("1")
    assert len(graph.nodes) < 450
    assert any(node.kind == "note" for node in graph.nodes.values())


@pytest.mark.parametrize("direction", ["up", "down"])
def test_a_table_made_from_its_own_last_version_ends_somewhere_too(empty, direction):
    def made(number):
        tables = {
            "inputs": (TableVersion(empty.features, number - 1),),
            "outputs": (TableVersion(empty.features, number),),
        }
        return empty.attempt(1, "fold", task_run_id=str(100 + number), **tables)

    for number in range(30):
        empty.write(
            empty.features, {"n": [number]}, {"task_run_id": str(100 + number), "attempt": 1, "job_run_id": "1"}
        )
    empty.record(1, *map(made, range(1, 30)))

    graph = empty.trace(f"features.daily@{29 if direction == 'up' else 0}", direction)
    assert 20 <= sum(node.kind == "attempt" for node in graph.nodes.values()) < 25
    assert any(node.kind == "note" for node in graph.nodes.values())


def test_in_development_ones_own_table_comes_before_the_shared_one(empty):
    empty.write(empty.features, {"n": [1]})
    mine = replace(empty.sources, prefix="me_")
    assert trace("features.daily", mine).root == f"table:{empty.features}@0"

    empty.write("spark_catalog.me_features.daily", {"n": [1]})
    assert trace("features.daily", mine).root == "table:spark_catalog.me_features.daily@0"
    assert trace(empty.features, mine).root == f"table:{empty.features}@0"


def test_a_version_that_the_registry_has_forgotten_is_known_from_the_records(empty):
    model = ModelVersion(empty.model, "9", "e" * 32)
    empty.record(1, empty.attempt(1, "register", "register_model", model=model))

    assert roles(empty.trace("models.demand/9")) == ["registered by task register of run 1: SUCCESS"]
