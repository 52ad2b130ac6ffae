"""Releases and deployments: what was deployed, and each time that it was.

A release is content: its id is the hash of its files. A deployment is an event: who put which release where, and when.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Literal, Self, get_args, get_origin

from framework.core.errors import FrameworkError

RELEASE_SCHEMA = 1
DEPLOYMENT_SCHEMA = 1
MANIFEST = "release.json"
"""The file of a release that lists the others; a release without it is not whole."""

_PUNCTUATION = re.compile(r"[-:.]")


@dataclass(frozen=True, kw_only=True)
class Release:
    """What one deployment needs. ``files`` has the sha256 of each file by its path below the release's directory.

    ``project_wheel`` and ``runtime_wheel`` are names of files in ``wheels/``.
    """

    id: str
    project: str
    target: str
    files: Mapping[str, str]
    project_wheel: str
    runtime_wheel: str
    framework_version: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The manifest."""
        return {"schema": RELEASE_SCHEMA, **asdict(self), "files": dict(sorted(self.files.items()))}

    @classmethod
    def from_dict(cls, value: object) -> Self:
        """The inverse of ``as_dict``. Raises FrameworkError for anything that is no manifest, or was changed."""
        release = cls(**_fields_of(cls, value, "release", RELEASE_SCHEMA))
        if release.id != release_id(release.files):
            raise FrameworkError(f"the manifest of release {release.id} does not fit its files: somebody changed it")
        return release


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One time that a release was put to work, or taken away.

    Times are ISO 8601 in UTC; ``ended_at`` is empty while it goes on, and for ever when it was killed. ``plan`` counts
    what changed, such as ``{"create": 2}``; ``model_aliases`` is model → alias → version, as they were then.
    ``promoted_from`` is the target where the commit was live before, when it was promoted.
    ``root_path`` is the directory of the bundle in the workspace: in development each person has one. ``jobs`` are
    the names of its jobs there, by key: a deployment that was killed may have made some that nothing else knows of.
    ``data`` is who made each schema, volume, model and experiment of the place so far, as framework.deploy.data_owners
    has it.
    """

    id: str
    project: str
    target: str
    release: str
    started_at: str
    kind: Literal["deploy", "rollback", "destroy"] = "deploy"
    ended_at: str = ""
    result: Literal["running", "succeeded", "failed"] = "running"
    error: str = ""
    commit: str = ""
    dirty: bool = False
    branch: str = ""
    promoted_from: str = ""
    who: str = ""
    ci_run: str = ""
    framework_version: str = ""
    cli_version: str = ""
    hashes: Mapping[str, str] = field(default_factory=dict)
    plan: Mapping[str, int] = field(default_factory=dict)
    root_path: str = ""
    jobs: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    model_aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def described(self) -> str:
        """Which sort of deployment it is: ``deploy``, ``deploy from staging``."""
        return f"{self.kind} from {self.promoted_from}" if self.promoted_from else self.kind

    @property
    def name(self) -> str:
        """How its files begin: they sort by time."""
        time = _PUNCTUATION.sub("", self.started_at.replace("+00:00", "Z"))
        return f"{time}-{key_of_place(self.root_path)}-{self.id}"

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; fields may be added, never renamed."""
        return {"schema": DEPLOYMENT_SCHEMA, **asdict(self)}

    @classmethod
    def from_dict(cls, value: object) -> Self:
        """The inverse of ``as_dict``; fields that a newer version added are ignored. Raises FrameworkError."""
        deployment = cls(**_fields_of(cls, value, "deployment", DEPLOYMENT_SCHEMA))
        if not (_is_moment(deployment.started_at) and _is_moment(deployment.ended_at or deployment.started_at)):
            raise FrameworkError("the record of this deployment does not say when that was")
        return deployment


def release_id(files: Mapping[str, str]) -> str:
    """The id of a release with those files: path → sha256."""
    lines = (f"{path}\n{digest}\n" for path, digest in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]


def _fields_of(kind: type[Release] | type[Deployment], value: object, what: str, schema: int) -> dict[str, Any]:
    if not isinstance(value, dict) or not isinstance(value.get("schema"), int):
        raise FrameworkError(f"this is not the record of a {what}")
    if value["schema"] > schema:
        raise FrameworkError(
            f"the record of this {what} has schema {value['schema']}, and this version reads {schema}",
            "Use the version of the framework that wrote it, or a later one.",
        )
    known = {each.name: each.type for each in fields(kind)}
    found = {name: item for name, item in value.items() if name in known}
    missing = [name for name in ("id", "project", "target") if name not in found]
    missing += [name for name, item in found.items() if name != "files" and not _fits(known[name], item)]
    if kind is Release and not _are_hashes(found.get("files")):
        missing.append("files, each below the release's directory")
    if missing:
        raise FrameworkError(f"the record of this {what} has no {', '.join(missing)}")
    try:
        kind(**found)
    except TypeError as error:
        raise FrameworkError(f"the record of this {what} is incomplete: {error}") from None
    return found


def _fits(kind: Any, value: object) -> bool:
    """Whether a value from JSON is what a field says; of mappings, the values count."""
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if get_origin(kind):
        return isinstance(value, dict) and all(_fits(get_args(kind)[1], each) for each in value.values())
    return isinstance(value, kind)


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _are_hashes(files: object) -> bool:
    return isinstance(files, dict) and all(
        isinstance(digest, str) and not path.startswith("/") and ".." not in path.split("/")
        for path, digest in files.items()
    )


def key_of_place(root_path: str) -> str:
    """What stands for a place in the names of the records there."""
    return hashlib.sha256(root_path.encode()).hexdigest()[:8]


def place_in(name: str) -> str:
    """The key of the place, of a record's name."""
    return name.split("-")[1] if name.count("-") > 1 else ""
