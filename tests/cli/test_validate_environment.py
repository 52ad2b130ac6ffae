"""What the environment says is no part of what ``framework validate`` says."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from framework import phases
from framework.cli.app import app
from framework.core.errors import InvalidProject

SHOP = Path(__file__).parents[1] / "e2e" / "shop"
SECRET = "/hush/sales.xlsx"
SOURCES = """\
name: shop
description: Units that the shop sells a day.
owner: "${env:SECRET}"
sources:
  raw.sales: {path: "${env:SECRET}"}
  raw.more: {path: "/${env:SECRET}"}
  raw.other: {path: "${env:SECRET}/more.xlsx"}
"""


@pytest.fixture(autouse=True)
def shop(tmp_path, monkeypatch):
    root = Path(shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns(".framework")))
    monkeypatch.chdir(root)
    monkeypatch.setenv("SECRET", SECRET)
    (root / "conf/base.yml").write_text('variables: {home: "${env:SECRET}"}\n')
    (root / "conf/dev.yml").write_text('host: "${env:SECRET}"\nmode: "${env:SECRET}"\ncatalog: "${env:SECRET}"\n')
    (root / "projects/shop/project.yml").write_text(SOURCES)
    return root


def said(*arguments):
    done = CliRunner().invoke(app, ["validate", *arguments])
    return done.stdout + done.stderr


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
@pytest.mark.parametrize("policy", ["", "environment_variables: []\n"])
def test_findings_show_what_is_written(form, policy, shop):
    (shop / "conf/policy.yml").write_text(policy)

    text = said("-o", form)

    assert "${env:SECRET}" in text
    assert "hush" not in text


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("path", ["sources", "host"])
def test_an_explanation_shows_what_is_written(form, path, shop):
    (shop / "conf/base.yml").unlink()
    (shop / "conf/dev.yml").write_text('host: "${env:SECRET}"\nmode: development\ncatalog: dev\n')
    project = shop / "projects/shop/project.yml"
    project.write_text("".join(line for line in SOURCES.splitlines(True) if "owner" not in line and "more" not in line))

    text = said("--explain", path, "-o", form)

    assert "${env:SECRET}" in text
    assert "hush" not in text


def test_a_run_takes_nothing_that_the_policy_forbids(shop):
    for file in ("base", "dev"):
        (shop / f"conf/{file}.yml").unlink()
    (shop / "conf/policy.yml").write_text("environment_variables: [HOME]\n")
    project = shop / "projects/shop/project.yml"
    project.write_text(project.read_text().replace('"${env:SECRET}"\n', "us\n").replace("/${", "${"))

    with pytest.raises(InvalidProject) as raised:
        phases.compiled(phases.Selection(directory=shop), print)
    assert {finding.summary for finding in raised.value.found} == {"environment variable 'SECRET' is not allowed"}
    (shop / "conf/policy.yml").write_text("environment_variables: [SECRET]\n")
    (source,) = phases.compiled(phases.Selection(directory=shop), print).sources
    assert source.path == shop / "projects/shop/${env:SECRET}"
