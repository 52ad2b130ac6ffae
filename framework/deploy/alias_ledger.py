"""The ledger of aliases in a workspace: two files for each move by a command, and what runs wrote into descriptions.

<deploy root>/<project>/alias_changes/<time>-<id>.started.json  it is about to be made
                                         <time>-<id>.ended.json    what became of it

Nothing there is ever changed. A run may only read the store; its moves stand in the description of the version.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from framework.core.errors import DatabricksRefused, FrameworkError
from framework.deploy.model_aliases import NOT_FOUND
from framework.deploy.workspace import asking
from framework.deploy.workspace_files import WorkspaceFiles
from framework.records.alias_changes import REFUSED, UNKNOWN, AliasChange, in_order, of_description

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

_STARTED, _ENDED = ".started.json", ".ended.json"


@dataclass(frozen=True)
class AliasLedger:
    """The ledger of the project whose store is at ``root``. Every method raises DatabricksError."""

    client: "WorkspaceClient"
    root: str

    def append(self, change: AliasChange) -> None:
        """Keep ``change`` for ever, as one whose result is unknown or as it ended: a kill in between leaves no hole."""
        files = WorkspaceFiles(self.client)
        files.make(self._directory)
        content = json.dumps(change.as_dict(), indent=2) + "\n"
        suffix = _STARTED if change.result == UNKNOWN else _ENDED
        files.write(f"{self._directory}/{change.name}{suffix}", content.encode())

    def changes(self, models: Iterable[str]) -> list[AliasChange]:
        """Every move of an alias of ``models``, by commands and by runs, the oldest first; none that was refused.

        Of a model that is not there any more, only what commands did is known.
        """
        names = frozenset(models)
        found = [change for change in self._of_commands() if change.model in names and change.result != REFUSED]
        for model in sorted(names):
            found += self._of_runs(model)
        return in_order(found)

    def last(self, model: str, alias: str) -> AliasChange | None:
        """The last move of ``alias`` by a command, unless it was refused."""
        theirs = (each for each in self._of_commands() if (each.model, each.alias) == (model, alias))
        return next((each for each in theirs if each.result != REFUSED), None)

    @property
    def _directory(self) -> str:
        return f"{self.root}/alias_changes"

    def _of_runs(self, model: str) -> list[AliasChange]:
        try:
            with asking(f"list the versions of {model}", f"EXECUTE on {model}"):
                versions = list(self.client.model_versions.list(model))
        except DatabricksRefused as error:
            if error.status != NOT_FOUND:
                raise
            return []
        return [change for each in versions for change in of_description(model, each.comment or "")]

    def _of_commands(self) -> Iterator[AliasChange]:
        """The newest first, each as it was recorded last; earlier versions wrote one file for each, without a word."""
        files = WorkspaceFiles(self.client)
        found = [name for name in files.below(self._directory, recursive=False) if name.endswith(".json")]
        latest = {name.partition(".")[0]: name for name in sorted(found, reverse=True)}  # what ended after what started
        for key in sorted(latest, reverse=True):
            yield self._read(files, f"{self._directory}/{latest[key]}")

    @staticmethod
    def _read(files: WorkspaceFiles, path: str) -> AliasChange:
        try:
            return AliasChange.from_dict(json.loads(files.read(path)))
        except ValueError:
            raise FrameworkError(f"{path} is not the record of a moved alias", "Somebody changed it.") from None
