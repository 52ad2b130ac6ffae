"""A place to deploy to: a fake workspace, and the Databricks CLI or its stand-in."""

import hashlib
import json
import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from framework.core.events import Event
from framework.deploy.databricks_cli import VARIABLE, find_cli
from framework.deploy.ground import Ground, Wanted
from framework.deploy.store import ReleaseStore
from framework.deploy.workspace import client
from framework.records.releases import Release, release_id
from framework.testing.fake_workspace import FakeWorkspace

STANDIN = Path(__file__).parent / "standin" / "databricks_standin.py"
HOME = "/Workspace/framework/prod/shop"
JOBS = {"daily": "shop.daily", "weekly": "shop.weekly"}
SCHEMAS = ("features", "models")


@dataclass
class Site:
    """Where tests deploy. ``said`` is what the deployments told meanwhile."""

    workspace: FakeWorkspace
    directory: Path
    said: list[str] = field(default_factory=list)

    def ground(self) -> Ground:
        """As it is for a command that has just begun."""
        workspace = client(self.workspace.url, retry_seconds=2)
        return Ground(
            project="shop",
            target="prod",
            client=workspace,
            store=ReleaseStore(workspace, "/Workspace/framework/prod", "shop"),
            cli=find_cli(),
            home=HOME,
            scratch=self.directory / "scratch",
            listener=self._hear,
        )

    def release(self, jobs=JOBS, schemas=SCHEMAS, description="Sells things.", run_as="", catalog="prod") -> Wanted:
        """A release of ``shop`` with those jobs (name by key) and schemas, a model and an experiment."""
        made = {
            "jobs": self._jobs(jobs, description),
            "schemas": {f"{name}_schema": {"catalog_name": catalog, "name": name} for name in schemas},
            "experiments": {"sales": {"name": "/Workspace/mlops/sales"}},
        }
        if "models" in schemas:
            model = {"catalog_name": catalog, "schema_name": "models", "name": "demand"}
            made["registered_models"] = {"demand": model}
        return self._staged(self._bundle("", made, run_as))

    def release_in_parts(self, *parts: dict[str, str]) -> Wanted:
        """The same of several bundles, of which each has some of the jobs and nothing else."""
        contents: dict[str, bytes] = {}
        for number, jobs in enumerate(parts, 1):
            contents |= self._bundle(str(number), {"jobs": self._jobs(jobs, "Sells things.")})
        return self._staged(contents)

    def job_names(self) -> list[str]:
        """What the jobs of the workspace are called, one for each."""
        return sorted(job["settings"]["name"] for job in self.workspace.state.jobs.values())

    def written(self) -> int:
        """How many requests changed something so far."""
        return sum(each.method != "GET" for each in self.workspace.requests)

    def forget_state(self) -> None:
        """As if nobody had ever put the bundle's state into the workspace."""
        with self.workspace._lock:
            for path in [path for path in self.workspace.state.objects if "/bundle/state/" in path]:
                del self.workspace.state.objects[path]

    def empty(self) -> None:
        """As if nothing had ever been deployed."""
        state = self.workspace.state
        with self.workspace._lock:
            state.jobs.clear()
            state.experiments.clear()
            for path in [path for path in state.objects if path.startswith(("/framework", "/mlops"))]:
                del state.objects[path]
            for key in [key for key in state.securables if "." in key.partition(":")[2]]:
                del state.securables[key]

    def _hear(self, event: Event) -> None:
        self.said.append(getattr(event, "message", ""))

    def _jobs(self, names: dict[str, str], description: str) -> dict[str, dict[str, object]]:
        task = {"task_key": "sell", "notebook_task": {"notebook_path": "${var.release_path}/files/sell"}}
        return {key: {"name": name, "description": description, "tasks": [task]} for key, name in names.items()}

    def _bundle(self, part: str, made: dict[str, dict[str, object]], run_as: str = "") -> dict[str, bytes]:
        place = {"root_path": "/".join(filter(None, (f"{HOME}/bundle", part)))}
        target = {"default": True, "mode": "production", "workspace": place}
        target |= {"run_as": {"service_principal_name": run_as}} if run_as else {}
        names = ("release_path", "project_wheel", "runtime_wheel")
        written = {
            "bundle": {"name": "shop" + part},
            "include": ["resources/*.yml"],
            "sync": {"paths": []},
            "variables": {name: {"description": name} for name in names},
            "targets": {"prod": target},
        }
        folder = "/".join(filter(None, ("bundle", part)))
        contents = {
            f"{folder}/databricks.yml": yaml.safe_dump(written),
            **{f"{folder}/resources/{k}.yml": yaml.safe_dump({"resources": {k: those}}) for k, those in made.items()},
            "files/sell.py": "# Databricks notebook source\nprint(1)\n",
            "wheels/shop.whl": "shop",
            "wheels/runtime.whl": "runtime",
        }
        return {path: text.encode() for path, text in contents.items()}

    def _staged(self, contents: dict[str, bytes]) -> Wanted:
        hashes = {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()}
        release = Release(
            id=release_id(hashes),
            project="shop",
            target="prod",
            files=hashes,
            project_wheel="shop.whl",
            runtime_wheel="runtime.whl",
        )
        directory = self.directory / "releases" / release.id
        for path, content in {**contents, "release.json": json.dumps(release.as_dict()).encode()}.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_bytes(content)
        return Wanted(release=release, directory=directory, commit="c" * 40, branch="main")


@pytest.fixture(autouse=True)
def at_a_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the tests run, what they start is started by a person."""
    for name in ("CI", "GITHUB_RUN_ID", "CI_JOB_ID", "BUILD_BUILDID", "BUILD_TAG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def logged_in(fake_workspace: FakeWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeWorkspace:
    """A workspace that this process is logged in to, whatever the machine's own configuration says."""
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "no.cfg"))
    for name, value in fake_workspace.environment.items():
        monkeypatch.setenv(name, value)
    return fake_workspace


@pytest.fixture
def standin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in of the Databricks CLI takes its place."""
    script = tmp_path / "bin" / "databricks"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {sys.executable} {STANDIN} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv(VARIABLE, str(script))
    return script


@pytest.fixture
def site(logged_in: FakeWorkspace, standin: Path, tmp_path: Path) -> Site:
    """Where the stand-in deploys to."""
    return Site(logged_in, tmp_path)


@pytest.fixture(params=["standin", pytest.param("cli", marks=pytest.mark.real_cli)])
def any_site(request: pytest.FixtureRequest, logged_in: FakeWorkspace, tmp_path: Path, monkeypatch) -> Site:
    """Where the stand-in and, if there is one, the Databricks CLI deploy to."""
    if request.param == "standin":
        request.getfixturevalue("standin")
    elif shutil.which("databricks") is None:
        pytest.skip("no databricks on PATH: the same flow is tested with the stand-in")
    else:
        monkeypatch.delenv(VARIABLE, raising=False)
        # Its cache and its telemetry would outlive the test.
        for name in ("DATABRICKS_CACHE_ENABLED", "DATABRICKS_CLI_DISABLE_TELEMETRY"):
            monkeypatch.setenv(name, {"DATABRICKS_CACHE_ENABLED": "false"}.get(name, "true"))
    assert os.environ["DATABRICKS_HOST"] == logged_in.url
    return Site(logged_in, tmp_path)
