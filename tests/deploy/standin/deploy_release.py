"""Deploys a staged release; tests kill it meanwhile. Arguments: the directory of the release, one for scratch."""

import sys
from pathlib import Path

from framework.core.errors import FrameworkError
from framework.deploy.databricks_cli import find_cli
from framework.deploy.deployment import deploy
from framework.deploy.ground import Ground, Wanted
from framework.deploy.release import read_manifest
from framework.deploy.store import ReleaseStore
from framework.deploy.workspace import client

directory, scratch = map(Path, sys.argv[1:])
workspace = client(retry_seconds=2)
ground = Ground(
    project="shop",
    target="prod",
    client=workspace,
    store=ReleaseStore(workspace, "/Workspace/framework/prod", "shop"),
    cli=find_cli(),
    home="/Workspace/framework/prod/shop",
    scratch=scratch,
    listener=lambda event: None,
)
release = read_manifest((directory / "release.json").read_bytes())
try:
    deploy(Wanted(release=release, directory=directory), ground)
except FrameworkError as error:
    sys.exit(f"Error: {error}")
