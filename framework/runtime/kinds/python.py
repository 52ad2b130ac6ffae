"""``python``: any function of the project."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from framework.core.identifiers import Entrypoint, TableRead, TableWritten
from framework.runtime import project_calls, project_code, tables
from framework.runtime.conflicts import retried
from framework.runtime.kinds.base import KindOptions
from framework.runtime.kinds.options import STRICT, WriteMode
from framework.runtime.task import Outcome, Task


@dataclass(frozen=True, kw_only=True)
class Python(KindOptions):
    """Calls the project's function and writes what it returns.

    One DataFrame for one table in ``writes``; ``{name: DataFrame}`` for several, under the names given there; nothing
    when ``writes`` is left out.
    """

    entrypoint: Entrypoint
    reads: dict[str, TableRead] = field(default_factory=dict)
    writes: TableWritten | dict[str, TableWritten] | None = None
    params: dict[str, Any] = field(default_factory=dict)
    write_mode: WriteMode = "overwrite"
    __pydantic_config__: ClassVar = STRICT

    def run(self, task: Task) -> Outcome:
        """Call the function and write what it returns. Raises ProjectCodeError when it fails or returns otherwise."""
        return retried(lambda: self._call(task))

    def _call(self, task: Task) -> Outcome:
        inputs = tables.read(self.reads, task)
        result = project_calls.call(self.entrypoint, inputs, task)
        outputs = tuple(
            project_calls.write(self.entrypoint, frame, table, self.write_mode, task)
            for table, frame in self._results(result).items()
        )
        return Outcome(inputs=inputs.versions, outputs=outputs, notes=inputs.notes)

    def _results(self, result: Any) -> dict[str, Any]:
        if self.writes is None:
            return {}
        if isinstance(self.writes, str):
            return {self.writes: result}
        if not isinstance(result, dict) or set(result) != set(self.writes):
            expected = "a dict of DataFrames with the keys " + ", ".join(self.writes)
            got = f"a dict with the keys {', '.join(map(str, result))}" if isinstance(result, dict) else ""
            raise project_code.wrong_return(self.entrypoint, expected, result, got)
        return {table: result[name] for name, table in self.writes.items()}
