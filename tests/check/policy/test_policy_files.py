"""Every kind of mistake in a policy file, with exactly what the user reads about it.

``FRAMEWORK_UPDATE_GOLDEN=1 pytest tests/check/policy`` writes the expected texts anew.
"""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.core.errors import InvalidProject
from framework.spec.patterns import is_among, matches, problem_with_pattern
from framework.spec.policy_sections import PolicyFields
from framework.spec.policy_spec import read_policy

FILES = Path(__file__).parent / "files"
CASES = sorted(case.name for case in FILES.iterdir())


@pytest.mark.parametrize("case", CASES)
def test_findings_read_as_expected(case):
    root = FILES / case

    with pytest.raises(InvalidProject) as raised:
        read_policy(root, root / "projects/shop")

    found = "\n\n".join(map(str, raised.value.found)) + "\n"
    if os.environ.get("FRAMEWORK_UPDATE_GOLDEN"):
        (root / "expected.txt").write_text(found)
    assert found == (root / "expected.txt").read_text()


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}\n", "targets: {local: {}}\n", "waivers: []\n"])
def test_a_file_that_says_little_is_sound(text, tmp_path):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/policy.yml").write_text(text)

    assert read_policy(tmp_path).waivers == ()


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [("[a-z]+", "daily", True), ("[a-z]+", "daily2", False), ("a|bc", "abc", False), (".*", "a\n", False)],
)
def test_a_pattern_matches_the_whole_name(pattern, name, fits):
    assert matches(pattern, name) is fits


@pytest.mark.parametrize(
    ("allowed", "text", "fits"),
    [
        ("m5.*", "m5.large", True),
        ("*.large", "m5.large", True),
        ("m*.*e", "m5.large", True),
        ("*", "", True),
        ("a*a", "a", False),
        ("a*b*b", "ab", False),
        ("m?.large", "m5.large", False),
        ("m[5].large", "m5.large", False),
        ("m[5].large", "m[5].large", True),
        ("M5.*", "m5.large", False),
    ],
)
def test_in_a_list_only_the_star_stands_for_something_else(allowed, text, fits):
    assert is_among(text, [allowed]) is fits


@pytest.mark.parametrize("pattern", ["(", "a)(b", "(?=a)", r"\1", "a{1000}{1000}{1000}", "(?x)a # b"])
def test_what_is_no_pattern_has_a_reason_in_one_line(pattern):
    assert problem_with_pattern(pattern)
    assert "\n" not in problem_with_pattern(pattern)


@pytest.mark.timeout(20)
def test_no_pattern_takes_long():
    assert not matches("(a+)+b", "a" * 100_000)


json = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 99) | st.sampled_from(["", "a", "off", "(", "2030-01-01", "*"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*PolicyFields.__dataclass_fields__, "required", "prod", "local", "values", "rule"]), inner
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(json)
def test_whatever_stands_in_the_file_there_is_a_policy_or_findings_with_places(tmp_path_factory, value):
    import yaml

    root = tmp_path_factory.mktemp("policy")
    (root / "conf").mkdir()
    (root / "conf/policy.yml").write_text(yaml.safe_dump(value))

    try:
        read_policy(root)
    except InvalidProject as error:
        assert all(each.location and each.location.file == "conf/policy.yml" for each in error.found)
