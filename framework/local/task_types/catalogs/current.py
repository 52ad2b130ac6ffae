"""The catalog that an attempt's code believes to be in, and the names that it uses there."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from framework.core.errors import FrameworkError
from framework.local.task_types.catalogs import names
from framework.local.task_types.catalogs.names import Parts, Unmappable
from framework.local.task_types.catalogs.sql import mapped

_logger = logging.getLogger("framework.catalogs")


class CurrentCatalog:
    """Maps names and statements in the order in which they are used; ``create`` makes a local schema if it is missing.

    Every method raises FrameworkError for what has no local counterpart.
    """

    def __init__(self, create: Callable[[str], None]) -> None:
        self.name = names.LOCAL
        self._create = create
        self._created: set[Parts] = set()

    def sql(self, text: str, values: Mapping[str, Any]) -> str:
        """A statement as local Spark runs it, right before it does."""
        result = mapped(text, self.name, values)
        if result.not_done:
            _logger.info("not done locally: %s", " ".join(text.split())[:200])
        self._ensure(result.creates)
        self.name = result.catalog
        return result.text

    def table(self, name: str) -> str:
        """The local name of a table or view."""
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
            local = rule(parts, self.name)
        except Unmappable as error:
            raise FrameworkError(f"the name {name} {error}", "a local run has one catalog, spark_catalog") from None
        return name if local == parts else names.join(local)

    def _ensure(self, schema: Parts) -> None:
        if not schema or schema in self._created:
            return
        self._created.add(schema)
        self._create(names.join(schema))
        _logger.info("schemas of other catalogs are local schemas: using %s", names.join(schema))
