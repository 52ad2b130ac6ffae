"""The ledger of aliases in a workspace: a file for each move by a command, and what runs wrote into descriptions.

<deploy root>/<project>/alias_changes/<time>-<id>.json

Nothing there is ever changed. A run may only read the store; its moves stand in the description of the version.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from framework.core.errors import FrameworkError
from framework.deploy.workspace import asking
from framework.deploy.workspace_files import WorkspaceFiles
from framework.records.alias_changes import AliasChange, in_order, of_description

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient


@dataclass(frozen=True)
class AliasLedger:
    """The ledger of the project whose store is at ``root``. Every method raises DatabricksError."""

    client: "WorkspaceClient"
    root: str

    def append(self, change: AliasChange) -> None:
        """Keep ``change`` for ever."""
        files = WorkspaceFiles(self.client)
        files.make(self._directory)
        content = json.dumps(change.as_dict(), indent=2) + "\n"
        files.write(f"{self._directory}/{change.name}.json", content.encode())

    def changes(self, models: Iterable[str]) -> list[AliasChange]:
        """Every move of an alias of ``models``, by commands and by runs, the oldest first."""
        names = frozenset(models)
        found = [change for change in self._of_commands() if change.model in names]
        for model in sorted(names):
            with asking(f"list the versions of {model}", f"EXECUTE on {model}"):
                versions = list(self.client.model_versions.list(model))
            found += [change for each in versions for change in of_description(model, each.comment or "")]
        return in_order(found)

    @property
    def _directory(self) -> str:
        return f"{self.root}/alias_changes"

    def _of_commands(self) -> list[AliasChange]:
        files = WorkspaceFiles(self.client)
        names = sorted(files.below(self._directory, recursive=False))
        return [self._read(files, f"{self._directory}/{name}") for name in names]

    @staticmethod
    def _read(files: WorkspaceFiles, path: str) -> AliasChange:
        try:
            return AliasChange.from_dict(json.loads(files.read(path)))
        except ValueError:
            raise FrameworkError(f"{path} is not the record of a moved alias", "Somebody changed it.") from None
