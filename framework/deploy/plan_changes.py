"""What a deployment would change: the Databricks CLI's plan, read into values."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from framework.core.errors import DatabricksError
from framework.deploy.rights import rights_opened
from framework.deploy.secrets import without_secrets

DATA_KINDS = frozenset(
    {
        "catalogs",
        "database_catalogs",
        "database_instances",
        "experiments",
        "external_locations",
        "models",
        "pipelines",
        "postgres_branches",
        "postgres_databases",
        "postgres_projects",
        "registered_models",
        "schemas",
        "secret_scopes",
        "synced_database_tables",
        "vector_search_endpoints",
        "vector_search_indexes",
        "volumes",
    }
)
"""Kinds of resources whose deletion takes data along, or the history of runs."""

_RELEASE = re.compile(r"/releases/[0-9a-f]{16}\b")
_WHEEL_HASH = re.compile(r"\+[0-9a-f]{12}(?=-py)")


class Action(StrEnum):
    """What happens to a resource. ADOPT takes over one that is there; LEAVE forgets one and lets it be."""

    CREATE = "create"
    ADOPT = "adopt"
    UPDATE = "update"
    LEAVE = "leave"
    DELETE = "delete"
    RECREATE = "recreate"


_ACTIONS = {
    "create": Action.CREATE,
    "update": Action.UPDATE,
    "update_id": Action.UPDATE,
    "resize": Action.UPDATE,
    "delete": Action.DELETE,
    "recreate": Action.RECREATE,
}
_NOTHING = ("skip", "")
_JOBS = "resources.jobs."


@dataclass(frozen=True)
class FieldChange:
    """A field of a resource: its value now (``old``) and then (``new``), None where there is none.

    The values are as they are; ``shown`` has both without secrets, which somebody may have written there by hand.
    """

    path: str
    old: Any
    new: Any

    @property
    def shown(self) -> tuple[Any, Any]:
        """Both values for people and files."""
        return _clean(self.old), _clean(self.new)

    def as_dict(self) -> dict[str, Any]:
        """For machines. What is hidden has a ``digest``: whether it differs depends on no variable that hides it."""
        old, new = self.shown
        hidden = (old, new) != (self.old, self.new)
        return {"path": self.path, "old": old, "new": new, **({"digest": self._digest} if hidden else {})}

    @property
    def _digest(self) -> str:
        return digest_of({"path": self.path, "old": self.old, "new": self.new})

    @property
    def only_release(self) -> bool:
        """Whether nothing differs but which release is referred to."""
        return self.old != self.new and _neutral(self.old) == _neutral(self.new)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One resource. ``key`` is ``jobs.weekly``, or ``jobs.weekly.permissions`` for what hangs on one.

    ``name`` is what it is called in the workspace, ``identifier`` its id there; either may be unknown. ``run_as`` is
    whom it will run as, where the bundle says; ``opens`` are the rights that somebody has not had before.
    """

    key: str
    action: Action
    name: str = ""
    identifier: str = ""
    fields: tuple[FieldChange, ...] = ()
    run_as: Mapping[str, Any] = field(default_factory=dict)
    opens: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """``jobs``, ``schemas``, …"""
        return self.key.split(".")[0]

    @property
    def resource(self) -> str:
        """The key of the resource alone: ``weekly``."""
        return self.key.split(".")[1]

    @property
    def is_child(self) -> bool:
        """Whether it is the permissions or grants of a resource."""
        return self.key.count(".") > 1

    @property
    def is_job(self) -> bool:
        """Whether it is a job, and not its permissions."""
        return self.kind == "jobs" and not self.is_child

    @property
    def holds_data(self) -> bool:
        """Whether deleting it would delete data."""
        return self.kind in DATA_KINDS and not self.is_child

    def as_dict(self) -> dict[str, Any]:
        """For machines; fields may be added, never renamed."""
        return {
            "key": self.key,
            "action": str(self.action),
            "name": self.name,
            "id": self.identifier,
            "fields": [each.as_dict() for each in self.fields],
        }


@dataclass(frozen=True)
class PlanChanges:
    """What changes, in the order of keys, and how many resources stay as they are.

    ``job_ids`` are the jobs that the bundle's state knows.
    """

    changes: tuple[Change, ...] = ()
    unchanged: int = 0
    job_ids: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.changes)

    @property
    def counts(self) -> dict[str, int]:
        """How many of each action, of resources alone."""
        return dict(Counter(str(each.action) for each in self.changes if not each.is_child))

    def with_action(self, action: Action) -> tuple[Change, ...]:
        """Those that this happens to."""
        return tuple(each for each in self.changes if each.action is action)

    def leaving(self, job_ids: Collection[str]) -> "PlanChanges":
        """The same, where those jobs are left and not deleted."""
        changes = (
            replace(each, action=Action.LEAVE) if each.action is Action.DELETE and each.identifier in job_ids else each
            for each in self.changes
        )
        return replace(self, changes=tuple(changes))

    def as_dict(self) -> dict[str, Any]:
        """For machines; fields may be added, never renamed."""
        return {"changes": [each.as_dict() for each in self.changes], "unchanged": self.unchanged}


def changes_of(plan: Mapping[str, Any]) -> PlanChanges:
    """The CLI's JSON plan as values. Raises DatabricksError for one that this version cannot read."""
    entries = plan.get("plan", {})
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise _unreadable("it holds no resources")
    changes = tuple(_changes(entries))
    remote = (_mapping(entry.get("remote_state")) for key, entry in entries.items() if key.startswith(_JOBS))
    known = frozenset(int(each["job_id"]) for each in remote if str(each.get("job_id", "")).isdigit())
    return PlanChanges(changes, len(entries) - len(changes), known)


def _changes(entries: Mapping[str, Mapping[str, Any]]) -> Iterator[Change]:
    for key, entry in sorted(entries.items()):
        action = str(entry.get("action", ""))
        if action in _NOTHING:
            continue
        if action not in _ACTIONS or key.count(".") < 2:
            raise _unreadable(f"it wants to {action} {key}")
        state = {**_mapping(entry.get("remote_state")), **new_state(entry)}
        yield Change(
            key=key.removeprefix("resources."),
            action=_ACTIONS[action],
            name=name_of(key.split(".")[1], state),
            identifier=str(_mapping(entry.get("remote_state")).get("job_id", "")),
            fields=tuple(_fields(entry)) if _ACTIONS[action] in (Action.UPDATE, Action.RECREATE) else (),
            run_as=_mapping(new_state(entry).get("run_as")),
            opens=rights_opened(_mapping(entry.get("remote_state")), new_state(entry)),
        )


def new_state(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a resource will be, by an entry of the CLI's plan."""
    return _mapping(_mapping(entry.get("new_state")).get("value"))


def digest_of(field: Mapping[str, Any]) -> str:
    """What stands for a field's change where two plans are compared: of a plan's file, or of one that was just made."""
    content = json.dumps([field.get("path"), field.get("old"), field.get("new")], sort_keys=True)
    return str(field.get("digest") or hashlib.sha256(content.encode()).hexdigest()[:16])


def name_of(kind: str, state: Mapping[str, Any]) -> str:
    """What a resource is called in the workspace: ``prod.features`` for a schema."""
    parts = {
        "schemas": ("catalog_name", "name"),
        "volumes": ("catalog_name", "schema_name", "name"),
        "registered_models": ("catalog_name", "schema_name", "name"),
        "quality_monitors": ("table_name",),
    }.get(kind, ("name",))
    return ".".join(str(state[part]) for part in parts if state.get(part))


def _fields(entry: Mapping[str, Any]) -> Iterator[FieldChange]:
    for path, change in sorted(_mapping(entry.get("changes")).items()):
        if isinstance(change, dict) and change.get("action") not in _NOTHING:
            now = change["remote"] if "remote" in change else change.get("old")
            yield FieldChange(path, now, change.get("new"))


def _clean(value: Any) -> Any:
    """A value without secrets: somebody may have written one into the workspace by hand."""
    if isinstance(value, dict):
        return {name: _clean(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_clean(each) for each in value]
    return without_secrets(value) if isinstance(value, str) else value


def _neutral(value: Any) -> str:
    return _WHEEL_HASH.sub("", _RELEASE.sub("", json.dumps(value, sort_keys=True)))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _unreadable(why: str) -> DatabricksError:
    return DatabricksError(
        f"the plan of the Databricks CLI cannot be read: {why}",
        "Is the CLI newer than this version of the framework? Update the framework, or take an older CLI.",
    )
