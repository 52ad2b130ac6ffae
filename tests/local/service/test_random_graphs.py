"""The scheduler against a second reading of the rules, written without it, on random graphs."""

from hypothesis import given, settings
from hypothesis import strategies as st

RUN_IFS = ["ALL_SUCCESS", "AT_LEAST_ONE_SUCCESS", "NONE_FAILED", "ALL_DONE", "AT_LEAST_ONE_FAILED", "ALL_FAILED"]
GOOD = {"SUCCESS", "EXCLUDED"}


@st.composite
def graphs(draw):
    """Tasks with earlier ones as dependencies: {key, upstream [(key, outcome)], run_if, what it does, tries, …}."""
    tasks = []
    for number in range(draw(st.integers(1, 9))):
        earlier = draw(st.lists(st.sampled_from(tasks), max_size=3, unique_by=id)) if tasks else []
        edges = []
        for other in earlier:
            branch = draw(st.sampled_from(["", "true", "false"])) if other["does"] == "condition" else ""
            edges.append((other["key"], branch))
        tasks.append(
            {
                "key": f"t{number}",
                "upstream": edges,
                "run_if": draw(st.sampled_from(RUN_IFS)),
                "does": draw(st.sampled_from(["work", "work", "condition", "bad condition"])),
                "holds": draw(st.booleans()),
                "failures": draw(st.integers(0, 3)),
                "retries": draw(st.integers(0, 2)),
                "disabled": draw(st.integers(0, 9)) == 0,
            }
        )
    return tasks


def expected(tasks):
    """Results by key: the rules once more, in the order in which they are written down, one task after the other."""
    results, branches = {}, {}
    for task in tasks:
        key, ups = task["key"], [results[name] for name, _ in task["upstream"]]
        results[key] = upstream_verdict(task, ups, results, branches)
        if results[key] == "runs":
            if task["does"] == "work":
                results[key] = "SUCCESS" if task["failures"] <= task["retries"] else "FAILED"
            elif task["does"] == "condition":
                results[key], branches[key] = "SUCCESS", str(task["holds"]).lower()
            else:
                results[key] = "FAILED"
    return results


def upstream_verdict(task, ups, results, branches):
    if task["disabled"]:
        return "DISABLED"
    if not ups:
        return "runs"
    # 1. Every dependency EXCLUDED.
    if set(ups) == {"EXCLUDED"}:
        return "EXCLUDED"
    # 2. The branch not taken.
    for name, wanted in task["upstream"]:
        if wanted and results[name] in GOOD and branches.get(name) != wanted:
            return "EXCLUDED"
    # 3. run_if, first where a dependency is DISABLED.
    rule, rest = task["run_if"], [up for up in ups if up != "DISABLED"]
    good = sum(up in GOOD for up in rest)
    bad = len(rest) - good
    if "DISABLED" in ups:
        if rule in ("ALL_SUCCESS", "ALL_FAILED"):
            return "DISABLED"
        if rule == "ALL_DONE":
            return "runs"
        if not rest or (rule == "NONE_FAILED" and set(rest) == {"EXCLUDED"}):
            return "DISABLED"
    failed = "UPSTREAM_CANCELED" if {"CANCELED", "UPSTREAM_CANCELED"} & set(rest) else "UPSTREAM_FAILED"
    if rule == "ALL_SUCCESS":
        return "runs" if not bad else failed
    if rule == "AT_LEAST_ONE_SUCCESS":
        return "runs" if good else failed
    if rule == "NONE_FAILED":
        return "runs" if not bad and "SUCCESS" in rest else failed
    if rule == "ALL_DONE":
        return "runs"
    if rule == "AT_LEAST_ONE_FAILED":
        return "runs" if bad else "EXCLUDED"
    return "runs" if bad and not good else "EXCLUDED"


def job_result(tasks, results):
    waited_for = {name for task in tasks for name, _ in task["upstream"]}
    bad = {key for key, result in results.items() if result not in GOOD | {"DISABLED"}}
    if bad - waited_for:
        return "FAILED"
    return "SUCCESS_WITH_FAILURES" if bad else "SUCCESS"


@settings(max_examples=300, deadline=None)
@given(tasks=graphs(), places=st.integers(1, 4), durations=st.lists(st.integers(1, 30), min_size=9, max_size=9))
def test_any_graph_ends_as_the_rules_say(many_runs, script, task, tasks, places, durations):
    written = [compiled(task, each) for each in tasks]
    exits = {each["key"]: [1] * each["failures"] for each in tasks}
    seconds = {each["key"]: float(d) for each, d in zip(tasks, durations, strict=False)}

    ran = many_runs().run(script(exits=exits, seconds=seconds), *written, max_parallel=places)

    assert ran.results == expected(tasks)
    assert ran.result == job_result(tasks, expected(tasks))
    assert ran.script.most_at_once <= places
    assert_every_start_comes_after_what_it_waits_for(tasks, ran.script.started)


def compiled(task, each):
    upstream = [f"{name}:{outcome}" if outcome else name for name, outcome in each["upstream"]]
    settings = {"run_if": each["run_if"], "disabled": each["disabled"]}
    if each["does"] == "work":
        return task(each["key"], *upstream, max_retries=each["retries"], **settings)
    left = "1" if each["holds"] else "0"
    op = "EQUAL_TO" if each["does"] == "condition" else "GREATER_THAN"
    right = "1" if each["does"] == "condition" else "no number"
    return task(each["key"], *upstream, condition_task={"left": left, "op": op, "right": right}, **settings)


def assert_every_start_comes_after_what_it_waits_for(tasks, started):
    for each in tasks:
        for name, _ in each["upstream"]:
            if each["key"] in started and name in started:
                last = len(started) - 1 - started[::-1].index(name)
                assert last < started.index(each["key"])
