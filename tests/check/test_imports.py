"""Imports of the project's own modules: those that may work are no findings."""

import pytest

from framework.check.entrypoint_checks import entry_points_exist

TASK = "  - {task_key: a, kind: python, entrypoint: 'shop.steps:rows'}"
ROWS = "\n\ndef rows(): ...\n"


@pytest.fixture
def found(project, nightly):
    """What is said of a module with these lines, beside these others."""

    def summaries(lines, others=None):
        for name, text in {"steps.py": lines + ROWS, **(others or {})}.items():
            file = project / "src/shop" / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        return [each.summary for each in entry_points_exist(nightly(TASK))]

    return summaries


@pytest.mark.parametrize(
    ("lines", "others"),
    [
        ("from shop.demand import train", {}),
        ("from .demand import train", {}),
        ("from . import demand", {}),
        ("import shop.demand as d", {}),
        ("from elsewhere.missing import x", {}),
        ("from __future__ import annotations\nimport json, pandas.missing", {}),
        ("try:\n    from shop.missing import x\nexcept ImportError:\n    x = None", {}),
        ("if True:\n    from shop.missing import x", {}),
        ("def later():\n    from shop.missing import x", {}),
        ("from shop._version import version", {}),
        ("from shop.data_pb2 import Row", {}),
        ("from shop.fast import x", {"fast.cpython-311-x86_64-linux-gnu.so": ""}),
        ("from shop.folder import x", {"folder/x.py": ""}),
        ("from shop.folder.missing import x", {"folder/x.py": ""}),
        ("from shop.more import x", {"more.py": "from elsewhere import *"}),
        ("from shop.more import x", {"more.py": "def __getattr__(name): ..."}),
        ("from shop.more import x", {"more.py": "from lazy import __getattr__"}),
        ("from shop.more import x", {"more.py": "globals()['x'] = 1"}),
        ("from shop.more import x", {"more.py": "def f():\n    global x\n    x = 1"}),
        ("from shop.more import x", {"more.py": "for x in range(3): ..."}),
        ("from shop.more import x", {"more.py": "with open('a') as x: ..."}),
        ("from shop.more import x", {"more.py": "def f(:"}),
        ("from shop.more import __doc__", {"more.py": ""}),
        ("from shop.more import x", {"__init__.py": "__path__ = []"}),
    ],
)
def test_an_import_that_may_work_is_no_finding(lines, others, found):
    assert found(lines, others) == []


def test_a_module_that_is_a_link_out_of_the_checkout_is_not_read(project, nightly, tmp_path):
    (tmp_path / "steps.py").write_text("secret_name = 1\n")
    (project / "src/shop/steps.py").symlink_to(tmp_path / "steps.py")

    (finding,) = entry_points_exist(nightly(TASK))

    assert finding.summary == "'shop.steps' cannot be checked: it leads out of the checkout"
    assert finding.hint == "It is projects/shop/src/shop/steps.py: put the file itself there, not a link."


def test_a_package_that_is_a_link_out_of_the_checkout_is_not_read(project, nightly, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there/__init__.py").write_text("secret_name = 1\n")
    (project / "src/shop/steps").symlink_to(tmp_path / "there")

    (finding,) = entry_points_exist(nightly(TASK))

    assert finding.summary == "'shop.steps' cannot be checked: it leads out of the checkout"


def test_a_module_that_is_too_large_is_said_once(project, nightly):
    (project / "src/shop/steps.py").write_text("#" * 1_000_001)

    (finding,) = entry_points_exist(nightly(f"{TASK}\n{TASK.replace(': a,', ': b,')}"))

    assert finding.summary == "'shop.steps' cannot be checked: it is larger than 1,000,000 bytes"
