"""How much a finding weighs: the organisation decides, a project can only add weight."""

import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.check.policy.findings import policy_findings, with_severities
from framework.core.diagnostics import Diagnostic, Location, Severity
from framework.resolve.pipeline import resolve
from framework.spec.loader import load
from framework.spec.policy_spec import PolicySpec, Thin, read_policy

SOUND = Path(__file__).parent / "golden" / "_sound"
OWN_LIMIT = "limits: {max_retries: 0}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout that keeps its policy."""
    return Path(shutil.copytree(SOUND, tmp_path / "checkout"))


def policy(root: Path, organisation: str = "", project: str = "") -> PolicySpec:
    for file, text in (("conf/policy.yml", organisation), ("projects/shop/policy.yml", project)):
        (root / file).write_text(text)
    return read_policy(root, root / "projects/shop")


def found(root: Path, rules: PolicySpec) -> list[tuple[str, str]]:
    pipeline = resolve(load(root, "shop", "daily", "prod"))
    return [(each.severity.value, each.hint.partition(":")[0]) for each in policy_findings(pipeline, rules)]


def weight(rules: PolicySpec, rule: str, severity: Severity = Severity.ERROR, target: str = "prod") -> str:
    """What becomes of a finding of another rule."""
    finding = Diagnostic("something", Location("file"), severity=severity, rule=rule)
    return next((each.severity.value for each in with_severities([finding], rules, target)), "off")


def test_what_a_project_adds_is_checked_beside_what_the_organisation_demands(root):
    rules = policy(root, "limits: {max_retries: 1}", OWN_LIMIT)

    assert found(root, rules) == [("error", "conf/policy.yml"), ("error", "projects/shop/policy.yml")]


def test_a_project_cannot_loosen_a_limit(root):
    assert found(root, policy(root, "limits: {max_retries: 1}", "limits: {max_retries: 9}")) == [
        ("error", "conf/policy.yml")
    ]


def test_one_thing_that_both_demand_is_found_once(root):
    assert found(root, policy(root, OWN_LIMIT, OWN_LIMIT)) == [("error", "conf/policy.yml")]

    organisation = OWN_LIMIT + "severities: {policy.retries: warning}"
    assert found(root, policy(root, organisation, OWN_LIMIT)) == [("error", "projects/shop/policy.yml")]


def test_a_project_that_asks_for_a_warning_gets_it_for_its_own_demand_only(root):
    rules = policy(root, "limits: {max_retries: 1}", OWN_LIMIT + "severities: {policy.retries: warning}")

    assert found(root, rules) == [("error", "conf/policy.yml"), ("warning", "projects/shop/policy.yml")]


def test_the_organisation_says_what_is_only_a_warning_and_a_project_makes_it_an_error(root):
    organisation = OWN_LIMIT + "severities: {policy.retries: warning}"

    assert found(root, policy(root, organisation)) == [("warning", "conf/policy.yml")]
    assert found(root, policy(root, organisation, "severities: {policy.retries: error}")) == [
        ("error", "conf/policy.yml")
    ]


def test_what_the_organisation_turns_off_is_off_in_that_target_only(root):
    rules = policy(
        root, "severities: {shadowed_parameters: warning}\ntargets: {dev: {severities: {thin_entry_points: off}}}"
    )

    assert weight(rules, "shadowed_parameters") == "warning"
    assert weight(rules, "thin_entry_points", target="dev") == "off"
    assert weight(rules, "thin_entry_points") == "error"


def test_a_project_alone_can_make_other_rules_heavier_and_never_lighter(root):
    (root / "conf/policy.yml").unlink()
    (root / "projects/shop/policy.yml").write_text(
        "severities: {unused_task_values: error, shadowed_parameters: warning}\n"
    )
    rules = read_policy(root, root / "projects/shop")

    assert weight(rules, "unused_task_values", Severity.WARNING) == "error"
    assert weight(rules, "shadowed_parameters", Severity.ERROR) == "error"


def test_what_cannot_be_compiled_stays_an_error(root):
    assert weight(policy(root, "severities: {cycles: off}"), "cycles") == "error"


def test_the_strictest_of_both_files_says_what_is_thin(root):
    thin = policy(root, "thin: {max_statements: 30, allow_loops: true}", "thin: {max_statements: 9}").thin("local")

    assert thin is not None
    assert (thin.max_statements, thin.allow_loops, thin.allow_sql) == (9, True, False)
    assert PolicySpec().thin("local") is None


@pytest.mark.parametrize("organisation", [None, "", "thin: {max_statements: 30}"])
def test_what_the_organisation_leaves_out_of_thin_a_project_cannot_allow(organisation, root):
    rules = policy(root, organisation or "", "thin: {allow_functions: true, allow_sql: true, max_statements: 90}")
    if organisation is None:
        (root / "conf/policy.yml").unlink()
        rules = read_policy(root, root / "projects/shop")

    assert rules.thin("prod") == Thin(max_statements=30 if organisation else 20)


def test_both_files_must_allow_a_variable_of_the_environment(root):
    rules = policy(root, "environment_variables: [HOST, DATA]", "environment_variables: [DATA, HOME]")

    assert rules.environment_variables("prod") == {"DATA"}
    assert policy(root).environment_variables("prod") is None


def test_each_file_has_a_say_on_the_branches_of_a_target(root):
    rules = policy(root, "targets: {prod: {branches: {branches: [main]}}}", "branches: {tags: ['v.*']}")

    assert [(each.branches, each.tags) for each in rules.branches("prod")] == [(["main"], None), (None, ["v.*"])]


def test_local_keeps_names_only_unless_the_policy_says_more(root):
    everywhere = 'names: {task: "[a-z]"}\nlimits: {max_retries: 0}\ntags: {required: {owner: {}}}\n'

    def local(rules: PolicySpec) -> set[str]:
        return {each.rule for each in policy_findings(resolve(load(root, "shop", "daily", "local")), rules)}

    assert local(policy(root, everywhere)) == {"policy.name_patterns"}
    assert local(policy(root, everywhere + "targets: {local: {limits: {max_retries: 0}}}")) == {
        "policy.name_patterns",
        "policy.retries",
    }


sections = st.fixed_dictionaries(
    {},
    optional={
        "tags": st.sampled_from([{"required": {"owner": {}}}, {"required": {"domain": {"values": ["sales"]}}}]),
        "names": st.dictionaries(st.sampled_from(["task", "table", "model"]), st.sampled_from([".*", "x"])),
        "run_as": st.sampled_from([{"allowed": []}, {"allowed": ["*"]}, {"service_principal": False}]),
        "compute": st.fixed_dictionaries(
            {},
            optional={
                "serverless_only": st.booleans(),
                "existing_clusters": st.booleans(),
                "node_types": st.sampled_from([[], ["*"]]),
                "autoscale": st.sampled_from(["required", "forbidden"]),
                "max_workers": st.integers(0, 9),
            },
        ),
        "permissions": st.just({"forbidden": [{"group_name": "*"}]}),
        "limits": st.dictionaries(st.sampled_from(["max_retries", "task_timeout_seconds"]), st.integers(1, 9999)),
        "severities": st.dictionaries(
            st.sampled_from(["policy.retries", "policy.workers", "policy.required_tags", "policy.name_patterns"]),
            st.sampled_from(["error", "warning"]),
        ),
        "thin": st.fixed_dictionaries(
            {}, optional={"max_statements": st.integers(0, 99), "allow_functions": st.booleans()}
        ),
        "environment_variables": st.lists(st.sampled_from(["DATA", "HOME"])),
    },
)
policies = st.builds(lambda everywhere, prod: {**everywhere, "targets": {"prod": prod}}, sections, sections)


@settings(max_examples=100, deadline=None)
@given(policies, policies)
def test_nothing_in_a_projects_policy_takes_a_finding_away_or_makes_it_lighter(tmp_path_factory, organisation, project):
    root = Path(shutil.copytree(SOUND, tmp_path_factory.mktemp("any") / "checkout"))
    pipeline = resolve(load(root, "shop", "daily", "prod"))

    def weights(rules: PolicySpec) -> dict[tuple[object, ...], bool]:
        """Whether each finding is an error."""
        return {
            (each.rule, each.summary, each.location): each.severity is Severity.ERROR
            for each in policy_findings(pipeline, rules)
        }

    alone = policy(root, yaml.safe_dump(organisation))
    with_project = policy(root, yaml.safe_dump(organisation), yaml.safe_dump(project))

    weights_with_project = weights(with_project)
    assert all(weights_with_project.get(finding, -1) >= is_error for finding, is_error in weights(alone).items())
    for target in ("local", "prod"):
        thin, thin_with_project = alone.thin(target) or Thin(), with_project.thin(target) or Thin()
        assert all(value <= vars(thin)[name] for name, value in vars(thin_with_project).items())
        allowed = alone.environment_variables(target)
        assert allowed is None or (with_project.environment_variables(target) or frozenset()) <= allowed
