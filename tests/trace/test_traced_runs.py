"""A run of a job is told by its tasks: what each did, and what became of it."""

from framework.core.task_run import ModelVersion, TableVersion, TaskError
from framework.trace.compare import compare


def roles(graph, kind="attempt"):
    """``role title`` of each edge that leads to something of that kind."""
    return [f"{e.role} {graph.nodes[e.target].title}" for e in graph.edges if graph.nodes[e.target].kind == kind]


def test_the_tasks_of_a_run_stand_in_the_order_of_the_pipeline_with_what_became_of_them(empty):
    error = TaskError("ValueError", "no rows")
    failed = empty.attempt(1, "train", result="FAILED", started_at="2024-03-01T05:00:00Z", error=error)
    later = empty.attempt(1, "score", result="UPSTREAM_FAILED", attempt=0, task_run_id="", started_at="")
    built = empty.attempt(1, "features", outputs=(TableVersion(empty.features, 3, 7),))
    empty.record(1, later, failed, built, tasks=["features", "train", "score"])

    graph = empty.trace("1")
    assert roles(graph) == [
        "did task features of run 1: SUCCESS",
        "failed in task train of run 1: FAILED",
        "did not do task score of run 1: UPSTREAM_FAILED",
    ]
    first, second, _ = (node for _, node in graph.after(graph.root))
    assert (first.facts["wrote"], second.problem) == ([f"{empty.features} v3, 7 rows"], "ValueError: no rows")


def test_a_kept_champion_is_told_from_a_new_one(empty):
    model = ModelVersion(empty.model, "1", "f" * 31 + "1")
    notes = {1: "champion is now v1", 2: "kept champion v1: wape 0.9 is above 0.6"}
    for run, note in notes.items():
        empty.record(run, empty.attempt(run, "register", "register_model", model=model, notes=(note,)))

    found = [roles(empty.trace(str(run), "down"), "model") for run in notes]
    assert found == [[f"{word} {empty.model} v1"] for word in ("registers", "keeps")]
    (line,) = (each for each in compare(empty.sources.ops, "1", "2").lines if each.name == "model")
    assert (line.first, line.second) == (f"{empty.model} v1", f"{empty.model} v1 (kept)")


def test_a_gate_that_kept_the_champion_did_not_register_it(empty):
    kept = ModelVersion(empty.model, "1", "f" * 31 + "1")
    for run in (1, 2):
        empty.record(run, empty.attempt(run, "register", "register_model", model=kept))

    assert roles(empty.trace("models.demand/1")) == ["registered by task register of run 1: SUCCESS"]
