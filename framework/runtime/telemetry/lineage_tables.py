"""Tables as OpenLineage has them: with their version, their columns, and the rows that were written."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from framework.core.task_run import TableVersion
from framework.runtime import plans, schemas
from framework.runtime.telemetry.courier import Started

if TYPE_CHECKING:
    from openlineage.client.event_v2 import InputDataset, OutputDataset

_UNKNOWN = -1
"""The version of a table that a task is going to read or write."""


def planned(started: Started) -> tuple[Sequence[TableVersion], Sequence[TableVersion]]:
    """What the task is going to read, and to write."""
    reads = started.task.options.get("reads")
    inputs = reads.values() if isinstance(reads, Mapping) else ()
    outputs = plans.written_by(started.task)
    return [TableVersion(table, _UNKNOWN) for table in inputs], [TableVersion(table, _UNKNOWN) for table in outputs]


def read(table: TableVersion, namespace: str, producer: str) -> "InputDataset":
    """A table that was read."""
    from openlineage.client.event_v2 import InputDataset

    return InputDataset(namespace, table.table, facets=_facets(table, producer))


def written(table: TableVersion, namespace: str, producer: str) -> "OutputDataset":
    """A table that was written."""
    from openlineage.client.event_v2 import OutputDataset
    from openlineage.client.facet_v2 import output_statistics_output_dataset as statistics

    rows: dict[str, Any] = {}
    if table.rows is not None:
        facet = statistics.OutputStatisticsOutputDatasetFacet(rowCount=table.rows, producer=producer)
        rows["outputStatistics"] = facet
    return OutputDataset(namespace, table.table, facets=_facets(table, producer), outputFacets=rows)


def _facets(table: TableVersion, producer: str) -> dict[str, Any]:
    from openlineage.client.facet_v2 import dataset_version_dataset, schema_dataset

    facets: dict[str, Any] = {}
    if table.version != _UNKNOWN:
        version = str(table.version)
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(version, producer=producer)
    if columns := schemas.columns_of(table.schema_hash):
        fields = [schema_dataset.SchemaDatasetFacetFields(name, kind) for name, kind in columns]
        facets["schema"] = schema_dataset.SchemaDatasetFacet(fields, producer=producer)
    return facets
