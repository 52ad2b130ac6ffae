"""A whole checkout: every policy file is read, and all that is wrong with the files themselves is said."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from framework.check.policy.checkout_policy import CheckoutPolicy
from framework.core.diagnostics import Diagnostic, Location
from framework.resolve.pipeline import resolve
from framework.spec.loader import load
from framework.spec.policy_spec import NO_POLICY

SOUND = Path(__file__).parent / "golden" / "_sound"
FOUND = Diagnostic("a loop", Location("projects/shop/notebooks/daily.py"), rule="thin_entry_points")
WAIVER = "waivers:\n  - {rule: thin_entry_points, at: shop, reason: old, owner: ann, expires: 2030-01-01}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/policy.yml").write_text(WAIVER)
    return tmp_path


def test_what_is_waived_is_kept_aside_with_its_targets(root):
    policy = CheckoutPolicy(root, date(2029, 1, 1))
    rules = policy.of_project(root / "projects/shop")

    for target in ("dev", "prod"):
        assert policy.kept([FOUND], [resolve(load(SOUND, "shop", "daily", target))], rules) == ()

    assert [each.finding for each in policy.waived] == [replace(FOUND, targets=("dev", "prod"))]
    assert not list(policy.findings(["thin_entry_points"], whole=True))


def test_a_waiver_seems_unused_only_when_everything_was_looked_at(root):
    policy = CheckoutPolicy(root, date(2029, 1, 1))
    policy.of_project(root / "projects/shop")

    assert not list(policy.findings(["thin_entry_points"], whole=False))
    assert [each.severity for each in policy.findings(["thin_entry_points"], whole=True)] == ["warning"]


def test_a_policy_that_cannot_be_read_is_a_finding_and_demands_nothing(root):
    (root / "conf/policy.yml").write_text("tag: {}\n")
    policy = CheckoutPolicy(root, date(2029, 1, 1))

    assert policy.of_project(root / "projects/shop") is NO_POLICY
    assert policy.of_project(root / "projects/shop") is NO_POLICY
    assert [each.summary for each in policy.findings([], whole=True)] == ["unknown field 'tag' (did you mean 'tags'?)"]


def test_a_variable_of_the_environment_has_to_be_listed_for_each_target_that_it_is_for(root):
    (root / "conf/policy.yml").write_text(
        "environment_variables: [DATA, HOST]\ntargets: {prod: {environment_variables: [HOST]}}\n"
    )
    for name in ("dev", "prod"):
        (root / f"conf/{name}.yml").write_text("host: https://${env:HOST}\nexperiment_root: /x/${env:DATA}\n")
    (root / "projects/shop").mkdir(parents=True)
    (root / "projects/shop/project.yml").write_text("name: shop\nsources: {raw.sales: {path: '${env:DATA}/a.csv'}}\n")
    policy = CheckoutPolicy(root, date(2029, 1, 1))
    policy.of_project(root / "projects/shop")

    assert [*map(str, policy.findings([], whole=True))] == [
        "Error: environment variable 'DATA' is not allowed\n"
        "  at experiment_root\n"
        "  in conf/prod.yml:2:18\n"
        "  The policy's environment_variables lists those that are: HOST.",
        "Error: environment variable 'DATA' is not allowed\n"
        "  at sources['raw.sales'].path\n"
        "  in projects/shop/project.yml:2:29\n"
        "  The policy's environment_variables lists those that are: HOST.",
    ]
