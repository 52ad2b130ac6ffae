"""The reference pages say what the code says. ``FRAMEWORK_UPDATE_GOLDEN=1`` writes them anew."""

import os
from pathlib import Path

import pytest

from framework.spec.json_schemas.reference import page
from framework.spec.json_schemas.schemas import made

PAGES = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", made())
def test_a_page_is_current(name):
    text, path = page(name, made()[name]), PAGES / f"{name}.md"
    if os.environ.get("FRAMEWORK_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, "run FRAMEWORK_UPDATE_GOLDEN=1 pytest tests/docs"
