"""The events of OpenLineage: that an attempt began, and how it ended."""

import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from framework import __version__
from framework.core.task_run import AttemptRecord, TableVersion
from framework.core.trace_ids import trace_id
from framework.runtime.telemetry import lineage_tables
from framework.runtime.telemetry.courier import Started

if TYPE_CHECKING:
    from openlineage.client.event_v2 import RunEvent

_PRODUCER = f"urn:bundle-framework:{__version__}"


def event_of(told: Started | AttemptRecord, started: Started, settings: Mapping[str, Any]) -> "RunEvent":
    """The event for ``told``, an attempt as it ``started`` or ended. ``settings`` are those of the target."""
    from openlineage.client.event_v2 import Job, Run, RunEvent, RunState

    inputs: Sequence[TableVersion]
    outputs: Sequence[TableVersion]
    if isinstance(told, Started):
        state, moment, inputs, outputs = RunState.START, told.started_at, *lineage_tables.planned(told)
    else:
        state = RunState.COMPLETE if told.result == "SUCCESS" else RunState.FAIL
        moment, inputs, outputs = told.ended_at, told.inputs, told.outputs
    task = started.task
    # The run of the job has the id that its trace has, too.
    run = uuid.UUID(trace_id(task.project, task.target, started.job_run_id))
    jobs = str(settings.get("namespace") or f"{task.project}.{task.target}")
    tables = str(settings.get("dataset_namespace") or jobs)
    attempt = uuid.uuid5(run, f"{told.task_run_id}/{told.attempt}")
    return RunEvent(
        eventType=state,
        eventTime=moment,
        producer=_PRODUCER,
        run=Run(str(attempt), {"parent": _parent(run, jobs, task.pipeline), **_run_facets(told)}),
        job=Job(jobs, f"{task.pipeline}.{task.task_key}", _job_facets(told, started, settings)),
        inputs=[lineage_tables.read(table, tables, _PRODUCER) for table in inputs],
        outputs=[lineage_tables.written(table, tables, _PRODUCER) for table in outputs],
    )


def _parent(run: uuid.UUID, namespace: str, pipeline: str) -> Any:
    from openlineage.client.facet_v2 import parent_run

    job = parent_run.Job(namespace, pipeline)
    return parent_run.ParentRunFacet(run=parent_run.Run(str(run)), job=job, producer=_PRODUCER)


def _run_facets(told: Started | AttemptRecord) -> dict[str, Any]:
    from openlineage.client.facet_v2 import error_message_run, nominal_time_run, processing_engine_run, tags_run

    if isinstance(told, Started):
        return {}
    tags = [tags_run.TagsRunFacetFields(name, value, "framework") for name, value in _tags(told).items()]
    facets: dict[str, Any] = {"tags": tags_run.TagsRunFacet(tags, producer=_PRODUCER)}
    if told.logical_date:
        moment = f"{told.logical_date}T00:00:00Z"
        facets["nominalTime"] = nominal_time_run.NominalTimeRunFacet(moment, producer=_PRODUCER)
    if spark := told.environment.spark:
        engine = processing_engine_run.ProcessingEngineRunFacet(spark, "spark", producer=_PRODUCER)
        facets["processing_engine"] = engine
    if error := told.error:
        trace = error.traceback or None
        said = error_message_run.ErrorMessageRunFacet(error.message, "python", trace, producer=_PRODUCER)
        facets["errorMessage"] = said
    return facets


def _tags(record: AttemptRecord) -> dict[str, str]:
    origin = record.origin
    told = {
        "job_run_id": record.job_run_id,
        "task_run_id": record.task_run_id,
        "attempt": str(record.attempt),
        "release": origin.release,
        "commit": origin.commit,
        "dirty": str(origin.dirty).lower(),
        "mlflow_run_id": record.model.mlflow_run_id if record.model else "",
    }
    return {name: value for name, value in told.items() if value}


def _job_facets(told: Started | AttemptRecord, started: Started, settings: Mapping[str, Any]) -> dict[str, Any]:
    from openlineage.client.facet_v2 import job_type_job, source_code_job, source_code_location_job

    kind = started.task.kind.upper()
    facets: dict[str, Any] = {
        "jobType": job_type_job.JobTypeJobFacet("BATCH", "BUNDLE_FRAMEWORK", kind, producer=_PRODUCER)
    }
    if function := started.task.options.get("entrypoint"):
        facets["sourceCode"] = source_code_job.SourceCodeJobFacet("python", function, producer=_PRODUCER)
    repository = settings.get("repository")
    if repository and isinstance(told, AttemptRecord) and told.origin.commit:
        facets["sourceCodeLocation"] = source_code_location_job.SourceCodeLocationJobFacet(
            "git", repository, repoUrl=repository, version=told.origin.commit, producer=_PRODUCER
        )
    return facets
