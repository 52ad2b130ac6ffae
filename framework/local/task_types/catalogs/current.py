"""The catalog that an attempt's code believes to be in, and the names that it uses there."""

import logging
from collections.abc import Callable

from framework.core.errors import FrameworkError
from framework.local.task_types.catalogs import names
from framework.local.task_types.catalogs.names import Namespace, Parts, Unmappable
from framework.local.task_types.catalogs.sql import mapped
from framework.runtime.redaction import redacted

_logger = logging.getLogger("framework.catalogs")


class CurrentCatalog:
    """Maps names and statements in the order in which they are used.

    ``create`` makes a local schema unless it is there, and says whether it did; ``path`` gives the local form of a
    path; ``notes`` say what a person should know about the run. Every method raises FrameworkError for what has no
    local counterpart.
    """

    def __init__(self, create: Callable[[str], bool]) -> None:
        self.namespace = Namespace()
        self.path: Callable[[str], str] = str
        self.notes: list[str] = []
        self._create = create
        self._created: set[Parts] = set()

    def sql(self, text: str) -> str:
        """A statement as local Spark runs it, right before it does."""
        result = mapped(text, self.namespace, self.path)
        if result.not_done:
            _logger.info("not done locally: %s", redacted(" ".join(text.split()))[:200])
        for schema in result.creates:
            self._ensure(schema)
        self.namespace = result.namespace
        return result.text

    def table(self, name: str) -> str:
        """The local name of a table, view or function."""
        if names.is_file(parts := names.split(name)):
            return names.join((parts[0], self.path(parts[1])))
        return self._local(name, names.table)

    def new_table(self, name: str) -> str:
        """The same for one that may be made now: a schema of another catalog is made with it."""
        local = self.table(name)
        if local != name and len(parts := names.split(local)) == 3:
            self._ensure(parts[:2])
        return local

    def schema(self, name: str) -> str:
        """The local name of a schema."""
        return self._local(name, names.schema)

    def _local(self, name: str, rule: Callable[[Parts, str], Parts]) -> str:
        if not (parts := names.split(name)):
            return name
        try:
            local = rule(parts, self.namespace.catalog)
        except Unmappable as error:
            raise FrameworkError(f"the name {name} {error}", "a local run has one catalog, spark_catalog") from None
        return name if local == parts else names.join(local)

    def _ensure(self, schema: Parts) -> None:
        """Have the schema. Others make theirs outside of what a run can see, so a missing one is no error here."""
        if schema in self._created:
            return
        self._created.add(schema)
        if self._create(names.join(schema)):
            self.notes.append(f"made the schema {names.join(schema)}, which a workspace must have: is its name right?")
            _logger.warning("%s", self.notes[-1])
