"""Whatever stands in a file, the rules answer with findings."""

import copy
import json
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.check.checkout import validate
from framework.check.pipeline import findings
from framework.core.errors import InvalidProject
from framework.resolve.pipeline import resolve
from framework.spec.loader import load

SHOP = Path(__file__).parents[1] / "e2e" / "shop"
SOUND = Path(__file__).parent / "sound"
FILES = ("projects/shop/pipelines/nightly.yml", "projects/shop/pipelines/demand.yml", "conf/dev.yml")
TEXTS = ("", "x", "2", "${var.x}", "{{x}}", "{{tasks.count.values.x}}", "{{input}}", "../" * 9, "a" * 5000)
OTHERS = (None, True, -1, 10**30, 1.5, [], ["x"], [[]], [{}], {}, {"x": 1}, {"task_key": "count"})
ODD = st.sampled_from((*TEXTS, *OTHERS))


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("odd") / "shop"
    shutil.copytree(SHOP, root, ignore=shutil.ignore_patterns(".framework"))
    return Path(shutil.copytree(SOUND, root, dirs_exist_ok=True))


def places(value, path=()):
    yield path
    for step, below in (
        value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    ):
        yield from places(below, (*path, step))


def with_value(tree, path, value):
    changed = copy.deepcopy(tree)
    owner = changed
    for step in path[:-1]:
        owner = owner[step]
    owner[path[-1]] = copy.deepcopy(value)
    return changed


@pytest.mark.parametrize("value", [None, 5, "{{x}}", ["b"], {"x": "y"}], ids=str)
def test_every_place_can_hold_every_type(value, shop):
    file = shop / FILES[0]
    written = file.read_text()
    tree = yaml.safe_load(written)
    try:
        for path in [each for each in places(tree) if each]:
            file.write_text(json.dumps(with_value(tree, path, value)))
            try:
                found = findings(resolve(load(shop, "shop", "nightly", "dev")))
            except InvalidProject as error:
                found = error.diagnostics()
            assert all(finding.location and finding.location.file for finding in found), path
    finally:
        file.write_text(written)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_value_makes_a_rule_fail(shop, data):
    file = shop / data.draw(st.sampled_from(FILES))
    written = file.read_text()
    changed = copy.deepcopy(yaml.safe_load(written))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from([each for each in places(changed) if each]))
        changed = with_value(changed, path, data.draw(ODD))
    file.write_text(yaml.safe_dump(changed, sort_keys=False, width=10**6))
    try:
        found = validate(shop, None, None, ("local", "dev")).found
    finally:
        file.write_text(written)

    assert all(finding.location and finding.location.file for finding in found)
