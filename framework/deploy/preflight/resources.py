"""What whoever deploys needs in Unity Catalog: to make what the bundle declares, and to grant on what is there."""

from collections.abc import Iterator, Mapping, Sequence

from framework.compile.personal import PERSON
from framework.compile.resources import resources_of
from framework.deploy.preflight.grants import Granted
from framework.deploy.preflight.privileges import Requirement, Securable, SecurableKind
from framework.resolve.resolved import ResolvedPipeline

_KINDS: Mapping[str, SecurableKind] = {"schemas": "SCHEMA", "volumes": "VOLUME", "registered_models": "FUNCTION"}
_TO_MAKE = {"SCHEMA": "CREATE_SCHEMA", "VOLUME": "CREATE_VOLUME", "FUNCTION": "CREATE_MODEL"}
_TASKS = ("the deployment",)


def declared(pipelines: Sequence[ResolvedPipeline], person: str) -> dict[Securable, bool]:
    """The schemas, volumes and models of the bundle of a project's ``pipelines``, and whether it grants on them.

    ``person`` is the short name of whoever deploys. A name that only the Databricks CLI fills in is left out.
    """
    found: dict[Securable, bool] = {}
    for sort, kind in _KINDS.items():
        for fields in resources_of(pipelines).get(sort, {}).values():
            parts = (fields.get(name) for name in ("catalog_name", "schema_name", "name"))
            name = ".".join(str(part) for part in parts if part).replace(PERSON, person)
            if "${" not in name:
                found[Securable(kind, name)] = bool(fields.get("grants"))
    return found


def to_deploy(granted_on: Mapping[Securable, bool], seen: Mapping[Securable, Granted]) -> tuple[Requirement, ...]:
    """What it takes to make what is not there yet, and to grant on what is; ``granted_on`` comes from ``declared``."""
    made = {each for each in granted_on if not seen[each].exists}
    needed = {pair for each in made if each.above[0] not in made for pair in _to_make(each)}
    needed |= {(each, "MANAGE") for each, grants in granted_on.items() if grants and each not in made}
    return tuple(Requirement(securable, privilege, _TASKS) for securable, privilege in sorted(needed))


def _to_make(securable: Securable) -> Iterator[tuple[Securable, str]]:
    yield securable.above[0], _TO_MAKE[securable.kind]
    yield from ((each, f"USE_{each.kind}") for each in securable.above)
