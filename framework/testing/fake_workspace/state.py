"""Everything that the workspace knows, as one value of plain JSON and file contents."""

import hashlib
import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from framework.testing.fake_workspace.exchange import Json

_STATE_FILE = "state.json"
_CONTENTS = "contents"


@dataclass
class State:
    """Tables of JSON objects by their key. Ids come from one counter, so equal requests make equal ids."""

    next_id: int = 1001
    tokens: dict[str, str] = field(default_factory=dict)  # token → name of the principal
    principals: dict[str, Json] = field(default_factory=dict)
    groups: dict[str, Json] = field(default_factory=dict)
    rule_sets: dict[str, Json] = field(default_factory=dict)
    objects: dict[str, Json] = field(default_factory=dict)  # workspace path without /Workspace → object
    permissions: dict[str, list[Json]] = field(default_factory=dict)  # jobs/17 → access control list
    jobs: dict[str, Json] = field(default_factory=dict)
    runs: dict[str, Json] = field(default_factory=dict)
    securables: dict[str, Json] = field(default_factory=dict)  # schema:dev.features → object
    grants: dict[str, dict[str, list[str]]] = field(
        default_factory=dict
    )  # schema:dev.features → principal → privileges
    model_versions: dict[str, dict[str, Json]] = field(default_factory=dict)  # dev.models.demand → version → object
    monitors: dict[str, Json] = field(default_factory=dict)
    experiments: dict[str, Json] = field(default_factory=dict)
    registered_models: dict[str, Json] = field(default_factory=dict)  # the workspace's own model registry
    warehouses: dict[str, Json] = field(default_factory=dict)
    statements: dict[str, Json] = field(default_factory=dict)
    storage: str = ""  # the directory of its tables, laid out as a local warehouse
    secret_scopes: dict[str, list[str]] = field(default_factory=dict)  # scope → keys; values are not kept at all
    contents: dict[str, bytes] = field(default_factory=dict)  # sha256 → bytes of a file

    def new_id(self) -> int:
        """The next id of whatever is made."""
        self.next_id += 1
        return self.next_id - 1

    def keep(self, content: bytes) -> str:
        """Store the bytes of a file and answer their sha256."""
        digest = hashlib.sha256(content).hexdigest()
        self.contents[digest] = content
        return digest

    def save(self, directory: Path) -> None:
        """Write the state into ``directory``. A crash leaves the state of before or the new one."""
        (directory / _CONTENTS).mkdir(parents=True, exist_ok=True)
        for digest, content in self.contents.items():
            if not (directory / _CONTENTS / digest).exists():
                _replace(directory / _CONTENTS / digest, content)
        tables = {key: value for key, value in vars(self).items() if key != "contents"}
        _replace(directory / _STATE_FILE, json.dumps(tables, indent=1).encode())

    @classmethod
    def load(cls, directory: Path) -> "State":
        """The state that ``save`` wrote there, or an empty one. Raises ValueError when it cannot be read as such."""
        file = directory / _STATE_FILE
        try:
            tables = json.loads(file.read_bytes())
            contents = {each.name: each.read_bytes() for each in (directory / _CONTENTS).glob("[0-9a-f]" * 64)}
        except FileNotFoundError:
            return cls()
        except OSError as error:
            raise ValueError(f"{error.filename or file} cannot be read: {error.strerror}") from None
        except ValueError:
            tables = None
        if not cls._fits(tables):
            raise ValueError(f"{file} is not the state of a fake workspace, or of another version")
        state = cls(**tables, contents=contents)
        if lost := {each["sha256"] for each in state.objects.values() if "sha256" in each} - contents.keys():
            raise ValueError(f"{directory / _CONTENTS / min(lost)} is missing, which {file} refers to")
        return state

    @classmethod
    def _fits(cls, tables: object) -> bool:
        empty = vars(cls())
        return isinstance(tables, dict) and all(
            name in empty and name != "contents" and isinstance(table, type(empty[name]))
            for name, table in tables.items()
        )

    def copy(self) -> "State":
        """A second workspace in the same state, which goes its own way."""
        return State(**asdict(self))


def now() -> int:
    """The time in milliseconds, as every API gives it."""
    return int(time.time() * 1000)


def _replace(file: Path, content: bytes) -> None:
    beside = file.with_name(f".{file.name}.part")
    beside.write_bytes(content)
    beside.replace(file)
