"""What ``databricks.yml`` says: the bundle, what a deployment tells it, and its one target."""

from typing import Any

from framework.compile.bundle import VARIABLES, Bundle, Settings
from framework.compile.personal import PERSON, is_personal
from framework.resolve.resolved import ResolvedPipeline

_PRESETS_OF_A_PERSON = {"trigger_pause_status": "PAUSED", "tags": {"dev": PERSON}}


def settings(pipeline: ResolvedPipeline) -> Settings:
    """The settings that all pipelines of a project share."""
    workspace, personal = pipeline.workspace, is_personal(pipeline)
    return Settings(
        mode=workspace.mode,
        host=workspace.host,
        root_path=f"{home(pipeline)}/bundle",
        # The CLI refuses monitors beside a run_as, which they do not know; the jobs have it by themselves.
        run_as={} if pipeline.resources.get("quality_monitors") else workspace.run_as,
        presets=_PRESETS_OF_A_PERSON if personal else {},
    )


def home(pipeline: ResolvedPipeline) -> str:
    """The directory of the workspace that nobody else deploys this project below."""
    own = f"{pipeline.workspace.deploy_root}/{pipeline.project}"
    return f"{own}/{PERSON}" if is_personal(pipeline) else own


def bundle_file(bundle: Bundle, settings: Settings, part: str = "") -> dict[str, Any]:
    """``databricks.yml`` of the bundle, or of one ``part`` of it."""
    return {
        "bundle": {"name": "_".join(filter(None, (bundle.name, part)))},
        "include": ["resources/*.yml"],
        # A release is uploaded by itself: what the CLI uploads it replaces, under running jobs.
        "sync": {"paths": []},
        "variables": {name: {"description": text} for name, text in VARIABLES.items()},
        "targets": {bundle.target: _target(settings, part)},
    }


def _target(settings: Settings, part: str) -> dict[str, Any]:
    root_path = "/".join(filter(None, (settings.root_path, part)))
    fields = {
        # In its mode development the CLI renames models and experiments, and locks nothing: the names that begin with
        # a person's are ours, and the presets say the rest of that mode.
        "mode": "production" if settings.mode == "production" else "",
        "default": True,
        "workspace": {**({"host": settings.host} if settings.host else {}), "root_path": root_path},
        "run_as": dict(settings.run_as),
        "presets": dict(settings.presets),
    }
    return {name: value for name, value in fields.items() if value not in ("", {})}
