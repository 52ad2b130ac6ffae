"""Paths of a workspace (``dbfs:/…``, ``/Volumes/…``) as folders of this machine."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from framework.core.errors import FrameworkError

_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):(?P<rest>/.*|$)", re.DOTALL)
_WORKSPACE = re.compile(r"/(?:Volumes|dbfs|mnt)(?:/|$)")
_CLOUD = {"s3", "s3a", "s3n", "abfs", "abfss", "wasb", "wasbs", "adl", "gs", "r2"}
_FUSE = re.compile(r"/dbfs(?:/|$)")


@dataclass(frozen=True)
class LocalFiles:
    """Everything under ``root``: volumes as ``Volumes/<catalog>/<schema>/<volume>/…``, the rest as ``dbfs/…``."""

    root: Path

    def local(self, path: str) -> Path:
        """Where ``path`` is on this machine. Raises FrameworkError for cloud storage and for ways out of ``root``."""
        scheme, rest = _split(path)
        if scheme == "file":
            return Path("/" + rest.lstrip("/"))
        if scheme not in ("", "dbfs"):
            raise FrameworkError(
                f"'{path}' is in cloud storage, which a local run does not reach",
                "use a volume (/Volumes/…), which is a local folder here, or guard it with a parameter of the job",
            )
        if not rest.startswith("/"):
            raise FrameworkError(f"'{path}' must begin with / or with dbfs:/", "write it in full")
        rest = _FUSE.sub("/", rest, count=1) if not scheme else rest
        base = self.root if PurePosixPath(rest).parts[1:2] == ("Volumes",) else self.root / "dbfs"
        found = base.joinpath(*PurePosixPath(rest).parts[1:])
        if ".." in found.parts or not _resolved(found).is_relative_to(_resolved(self.root)):
            raise FrameworkError(f"'{path}' leads out of the folder that stands for it", "write it without '..'")
        return found

    def for_spark(self, path: str) -> str:
        """``path`` as local Spark reads it: those of a workspace are mapped, any other stays. Raises as ``local``."""
        mapped = _split(path)[0] in {"dbfs", *_CLOUD} or _WORKSPACE.match(path)
        return str(self.local(path)) if mapped else path

    def shown(self, local: Path) -> str:
        """The inverse of ``local``, as ``dbutils.fs.ls`` shows it."""
        if not local.is_relative_to(self.root):
            return f"file:{local}"
        inside = local.relative_to(self.root)
        if inside.parts[:1] == ("dbfs",):
            inside = inside.relative_to("dbfs")
        return f"dbfs:/{inside}"


def _split(path: str) -> tuple[str, str]:
    found = _SCHEME.match(path)
    return (found["scheme"].lower(), found["rest"]) if found else ("", path)


def _resolved(path: Path) -> Path:
    return path.resolve()
