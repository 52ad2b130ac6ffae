"""Exceptions have a reason, an owner and an end, and are shown."""

from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from framework import check
from framework.check.pipeline import RULES_OF_CHECKOUT, RULES_TOGETHER
from framework.check.policy.findings import WAIVABLE
from framework.check.policy.waivers import OF_PROJECT, Judged, apply_waivers, judge, unused_waivers, waiver_findings
from framework.core.diagnostics import Diagnostic, Location, Severity
from framework.resolve.pipeline import resolve
from framework.resolve.resolved import ResolvedPipeline
from framework.spec.loader import load
from framework.spec.policy_spec import PolicySpec, read_policy

SOUND = Path(__file__).parent / "golden" / "_sound"
PIPELINE = "projects/shop/pipelines/daily.yml"
TODAY = date(2030, 1, 1)
OF_TASK = Diagnostic("too many", Location(PIPELINE, 11), "tasks[0].max_retries", rule="policy.retries")
OF_JOB = Diagnostic("no limit", Location(PIPELINE), rule="policy.time_limits")
OF_TARGET = Diagnostic(
    "too long", Location("conf/prod.yml"), "pipelines.daily.tasks.train.timeout_seconds", rule="policy.time_limits"
)
RULES = ["thin_entry_points", "cycles"]


def policy(tmp_path: Path, *waivers: str) -> PolicySpec:
    (tmp_path / "conf").mkdir(exist_ok=True)
    common = "reason: the migration ends in May, owner: ann@example.com"
    lines = [f"  - {{{waiver}, {common}}}" for waiver in waivers]
    (tmp_path / "conf/policy.yml").write_text("\n".join(["waivers:", *lines]) + "\n")
    return read_policy(tmp_path)


def daily(target: str = "prod") -> ResolvedPipeline:
    return resolve(load(SOUND, "shop", "daily", target))


def judged(rules: PolicySpec, *findings: Diagnostic, target: str = "prod", today: date = TODAY) -> Judged:
    return judge(findings, [daily(target)], rules, today)


@pytest.mark.parametrize("at", ["shop", "*", "shop/daily", "shop/*", "shop/daily/features", "*/*/feat*"])
def test_a_waiver_covers_what_is_below_its_place(at, tmp_path):
    rules = policy(tmp_path, f"rule: policy.retries, at: '{at}', expires: 2030-05-31")

    found = judged(rules, OF_TASK, OF_JOB)

    assert found.kept == (OF_JOB,)
    assert [(each.finding, each.waiver.owner) for each in found.waived] == [(OF_TASK, "ann@example.com")]


@pytest.mark.parametrize("at", ["shop2", "shop/other", "shop/daily/train", "*/*/*x"])
def test_a_waiver_covers_nothing_elsewhere(at, tmp_path):
    rules = policy(tmp_path, f"rule: policy.retries, at: '{at}', expires: 2030-05-31")

    assert judged(rules, OF_TASK).kept == (OF_TASK,)


def test_a_waiver_for_a_task_does_not_cover_its_pipeline(tmp_path):
    rules = policy(tmp_path, "rule: policy.time_limits, at: shop/daily/*, expires: 2030-05-31")

    assert judged(rules, OF_JOB).kept == (OF_JOB,)


def test_what_a_target_sets_in_a_task_belongs_to_the_task(tmp_path):
    rules = policy(tmp_path, "rule: policy.time_limits, at: shop/daily/train, expires: 2030-05-31")

    assert judged(rules, OF_TARGET).kept == ()


def test_a_target_may_name_the_pipeline_in_full(tmp_path):
    rules = policy(tmp_path, "rule: policy.time_limits, at: shop/daily/train, expires: 2030-05-31")
    path = "pipelines['shop/daily'].tasks.train.timeout_seconds"

    assert judged(rules, replace(OF_TARGET, path=path)).kept == ()


def test_a_policy_may_limit_how_long_a_waiver_runs(tmp_path):
    long, short = (f"rule: policy.retries, at: shop, expires: 2030-0{day}" for day in ("4-02", "4-01"))
    rules = replace(policy(tmp_path, long, short), max_waiver_days=90)

    assert [*map(str, waiver_findings(rules, RULES, TODAY))] == [
        "Error: the waiver of 'policy.retries' runs for 91 more days\n"
        "  at waivers[0]\n"
        "  in conf/policy.yml:2:5\n"
        "  Agree on an earlier day with ann@example.com: the policy's max_waiver_days is 90."
    ]


def test_the_smaller_limit_of_both_files_counts_for_waivers(tmp_path):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/policy.yml").write_text("max_waiver_days: 30\n")
    (tmp_path / "policy.yml").write_text("max_waiver_days: 90\nnames: {task: a}\n")

    rules = read_policy(tmp_path, tmp_path)

    assert rules.max_waiver_days == 30
    assert [each.rules.names.task for each in rules.of_target("local")] == [None, "a"]


def test_among_several_pipelines_the_file_says_which_one_it_is(tmp_path):
    rules = policy(tmp_path, "rule: policy.retries, at: shop/daily/features, expires: 2030-05-31")
    other = resolve(load(Path(__file__).parents[2] / "e2e/shop", "shop", "demand", "local"))

    assert apply_waivers([OF_TASK], [other, daily()], rules.waivers, TODAY).kept == ()


def test_how_far_a_waiver_reaches_does_not_depend_on_how_many_pipelines_are_looked_at(tmp_path):
    rules = policy(tmp_path, "rule: hard_coded_credentials, at: shop/daily, expires: 2030-05-31")
    of_target, of_pipeline = (
        Diagnostic("a password", Location(file), rule="hard_coded_credentials") for file in ("conf/prod.yml", PIPELINE)
    )
    other = resolve(load(Path(__file__).parents[2] / "e2e/shop", "shop", "demand", "local"))

    for pipelines in ([daily()], [daily(), other]):
        assert apply_waivers([of_target, of_pipeline], pipelines, rules.waivers, TODAY).kept == (of_target,)


def test_the_rules_over_several_pipelines_are_known():
    together = (*RULES_TOGETHER, *RULES_OF_CHECKOUT)

    assert {rule.__name__ for rule in together} & WAIVABLE == OF_PROJECT


def test_what_is_found_in_a_file_cannot_be_waived_for_a_task(tmp_path):
    rules = policy(tmp_path, "rule: thin_entry_points, at: shop/daily/train, expires: 2030-05-31")

    assert [*map(str, waiver_findings(rules, RULES, TODAY))] == [
        "Error: what rule 'thin_entry_points' finds belongs to a file, not to a task\n"
        "  at waivers[0]\n"
        "  in conf/policy.yml:2:5\n"
        "  Write project or project/pipeline, and the file under 'file'."
    ]
    assert not list(unused_waivers(rules, (), TODAY))


def test_a_waiver_may_hold_for_some_targets_only(tmp_path):
    rules = policy(tmp_path, "rule: policy.retries, at: shop, expires: 2030-05-31, targets: [dev]")

    assert judged(rules, OF_TASK, target="dev").kept == ()
    assert judged(rules, OF_TASK, target="prod").kept == (OF_TASK,)


def test_a_waiver_may_hold_for_one_file(tmp_path):
    waiver = "rule: thin_entry_points, at: shop, expires: 2030-05-31, file: projects/shop/notebooks/old_*"
    old, new = (
        Diagnostic("a loop", Location(f"projects/shop/notebooks/{name}.py", 3), rule="thin_entry_points")
        for name in ("old_report", "report")
    )

    assert judged(policy(tmp_path, waiver), old, new).kept == (new,)


def test_a_waiver_holds_on_its_last_day_and_is_an_error_on_the_next(tmp_path):
    rules = policy(tmp_path, "rule: policy.retries, at: shop, expires: 2030-01-01")

    assert judged(rules, OF_TASK).kept == ()
    assert not list(waiver_findings(rules, RULES, TODAY))
    assert judged(rules, OF_TASK, today=date(2030, 1, 2)).kept == (OF_TASK,)
    assert [*map(str, waiver_findings(rules, RULES, date(2030, 1, 2)))] == [
        "Error: the waiver of 'policy.retries' at 'shop' expired on 2030-01-01\n"
        "  at waivers[0]\n"
        "  in conf/policy.yml:2:5\n"
        "  Mend what it is about, or agree on a new date with ann@example.com."
    ]


def test_what_cannot_be_compiled_cannot_be_waived(tmp_path):
    rules = policy(tmp_path, "rule: cycles, at: shop, expires: 2030-05-31")
    cycle = Diagnostic("a cycle", Location(PIPELINE), rule="cycles")

    assert judged(rules, cycle).kept == (cycle,)
    assert [each.summary for each in waiver_findings(rules, RULES, TODAY)] == [
        "what rule 'cycles' finds cannot be waived"
    ]


def test_every_rule_that_may_be_waived_exists():
    modules = [import_module(f"framework.check.{each.name}") for each in iter_modules(check.__path__)]

    assert not {rule for rule in WAIVABLE if not any(hasattr(module, rule) for module in modules)}


def test_a_waiver_of_a_rule_that_does_not_exist_is_an_error(tmp_path):
    rules = policy(tmp_path, "rule: policy.retrys, at: shop, expires: 2030-05-31")

    (found,) = waiver_findings(rules, RULES, TODAY)

    assert found.summary == "no rule 'policy.retrys' (did you mean 'policy.retries'?)"
    assert found.severity is Severity.ERROR
    assert found.hint == ""


def test_the_rules_there_are_are_listed_where_none_is_close(tmp_path):
    (found,) = waiver_findings(policy(tmp_path, "rule: xyz, at: shop, expires: 2030-05-31"), RULES, TODAY)

    assert found.hint.startswith("There are: policy.budget_policy, ")


def test_a_waiver_that_waives_nothing_is_a_warning(tmp_path):
    rules = policy(
        tmp_path,
        "rule: policy.retries, at: shop, expires: 2030-05-31",
        "rule: thin_entry_points, at: shop, expires: 2030-05-31",
    )

    (found,) = unused_waivers(rules, judged(rules, OF_TASK).waived, TODAY)

    assert (found.path, found.severity) == ("waivers[1]", Severity.WARNING)


def test_the_severities_of_a_policy_name_rules_that_exist_and_may_differ(tmp_path):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/policy.yml").write_text(
        "severities: {thin_entry_points: warning, cycles: warning, policy.tags: off}\n"
    )

    found = [each.summary for each in waiver_findings(read_policy(tmp_path), RULES, TODAY)]

    assert found[0] == "what rule 'cycles' finds cannot be waived"
    assert found[1].startswith("no rule 'policy.tags'")
    assert len(found) == 2


def test_the_rules_of_plans_are_weighed_and_not_waived(tmp_path):
    rules = policy(tmp_path, "rule: policy.plan_delete_jobs, at: shop, expires: 2030-05-31")
    (found,) = waiver_findings(rules, RULES, TODAY)
    assert found.summary == "what rule 'policy.plan_delete_jobs' finds in a plan cannot be waived"
    assert found.hint.endswith("severities: {policy.plan_delete_jobs: warning}")

    (tmp_path / "conf/policy.yml").write_text("severities: {policy.plan_delete_jobs: off, policy.plan_delete_job: off}")
    (found,) = waiver_findings(read_policy(tmp_path), RULES, TODAY)
    assert found.summary == "no rule 'policy.plan_delete_job' (did you mean 'policy.plan_delete_jobs'?)"
