"""The ids and full names of resources that can be known before anything is deployed."""

from collections.abc import Mapping

from framework.local.foreign_bundle.interpolate import as_text
from framework.local.foreign_bundle.tree import Placed, given

_FULL_NAMES = {
    "catalogs": ("name",),
    "schemas": ("catalog_name", "name"),
    "volumes": ("catalog_name", "schema_name", "name"),
    "registered_models": ("catalog_name", "schema_name", "name"),
}


class JobId(int):
    """A job's id in local runs. It is told from a number that somebody wrote, which is a job of a workspace."""


def job_ids(resources: Placed) -> dict[str, int]:
    """Job key → its local id: 1 and its position among the sorted keys."""
    return {key: JobId(number) for number, key in enumerate(sorted(resources.at("jobs").fields), start=1)}


def with_identities(resources: Placed, ids: Mapping[str, int]) -> Placed:
    """The resources with the ids of jobs, and the full names of what lives in a catalog, as fields to refer to."""
    kinds = dict(resources.fields)
    for kind, of_kind in resources.fields.items():
        known = {key: _known(kind, resource) for key, resource in of_kind.fields.items()}
        if kind == "jobs":
            known = {key: {"id": given(number, of_kind.fields[key].place)} for key, number in ids.items()}
        known = {key: fields for key, fields in known.items() if isinstance(of_kind.fields[key].value, dict)}
        kinds[kind] = of_kind.with_fields(
            **{key: resource.with_fields(**known[key]) for key, resource in of_kind.fields.items() if known.get(key)}
        )
    return resources.with_fields(**kinds)


def _known(kind: str, resource: Placed) -> dict[str, Placed]:
    parts = [resource.at(field).value for field in _FULL_NAMES.get(kind, ())]
    if not parts or any(part is None or isinstance(part, dict | tuple) for part in parts):
        return {}
    names = [as_text(part) for part in parts]
    full_name = ".".join(names)
    known = {"id": full_name, "full_name": full_name}
    if kind == "volumes":
        known["volume_path"] = "/".join(("/Volumes", *names))
    return {field: given(text, resource.place) for field, text in known.items()}
