"""The schemas as they come with the package, and which files they are about."""

from importlib.resources import files

APPLIES_TO = {
    "pipeline": ("projects/*/pipelines/*.yml", "projects/*/pipelines/*.yaml"),
    "project": ("projects/*/project.yml",),
    "target": ("conf/*.yml", "conf/*.yaml", "!conf/policy.yml", "!conf/policy.yaml"),
    "policy": ("conf/policy.yml", "conf/policy.yaml", "projects/*/policy.yml", "projects/*/policy.yaml"),
}
"""The names of the schemas, and the files of a checkout that each is about; those after a ``!`` are not."""


def schema_text(name: str) -> str:
    """The schema ``name`` as JSON."""
    return files(__package__).joinpath(f"{name}.json").read_text(encoding="utf-8")
