"""Rules about compute: what a rule judges has to be written out, whatever the workspace's defaults and policies say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from framework.check.policy.native_fields import (
    NativeFields,
    NativeJob,
    elements,
    is_filled_in_later,
    mapping,
    value_at,
    whole_number,
)
from framework.core.diagnostics import Diagnostic
from framework.spec.node_path import NodePath, quoted
from framework.spec.patterns import is_among
from framework.spec.policy_spec import TargetPolicy

_SERVERLESS = (
    "python_wheel_task", "spark_python_task", "notebook_task", "dbt_task", "gen_ai_compute_task", "ai_runtime_task",
)  # fmt: skip
"""What runs on serverless unless it names a cluster; any other kind of task does where it names an environment."""
_CLUSTERS = ("job_cluster_key", "existing_cluster_id", "new_cluster")
_OF_CLOUD = ("aws_attributes", "azure_attributes", "gcp_attributes")
_PREEMPTIBLE = ("gcp_attributes", "use_preemptible_executors")
"""The older word for it, which still holds."""
_NODE_TYPES = (
    ("node_type_id",),
    ("driver_node_type_id",),
    ("worker_node_type_flexibility", "alternate_node_type_ids"),
    ("driver_node_type_flexibility", "alternate_node_type_ids"),
)


@dataclass(frozen=True)
class _Cluster:
    """The cluster that stands at ``path`` in the ``fields`` of a job or task."""

    fields: NativeFields
    path: NodePath
    value: Mapping[str, Any]

    def finding(self, summary: str, hint: str, *below: str | int) -> Diagnostic:
        return self.fields.finding(summary, hint, (*self.path, *below))


def serverless_only(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """Any cluster, where only serverless is allowed."""
    if policy.rules.compute.serverless_only:
        says = policy.says(("compute", "serverless_only"))
        hint = f"Use environments instead. {says} requires it."
        yield from _unknown(job, says)
        for cluster in _clusters(job):
            yield cluster.finding("a cluster is not allowed here: serverless only", hint)
        for task in job.tasks:
            if "existing_cluster_id" in task.values:
                yield task.finding("a cluster is not allowed here: serverless only", hint, ("existing_cluster_id",))


def existing_clusters(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """A task on a cluster that is there already, about which nothing can be known here."""
    if not policy.rules.compute.existing_clusters and not policy.rules.compute.serverless_only:
        hint = f"Use a job cluster. {policy.says(('compute', 'existing_clusters'))} requires it."
        for task in job.tasks:
            yield from task.unknown((), policy.says(("compute", "existing_clusters")))
            if "existing_cluster_id" in task.values:
                yield task.finding("an existing cluster is not allowed here", hint, ("existing_cluster_id",))


def budget_policy(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """Serverless tasks without a budget policy: the cost of serverless is tagged by nothing else."""
    allowed = policy.rules.compute.budget_policies
    if allowed is None:
        return
    says, written = policy.says(("compute", "budget_policies")), job.values.get("budget_policy_id")
    if written and not is_among(str(written), allowed):
        summary = f"budget policy {quoted(str(written))} is not allowed"
        yield job.finding(summary, policy.lists(("compute", "budget_policies")), ("budget_policy_id",))
    elif not written and any(map(_is_serverless, job.tasks)):
        hint = f"Write it under 'compute' in conf/<target>.yml. {says} requires it."
        summary = "budget_policy_id is missing: tags do not reach the cost of serverless tasks"
        yield job.missing(summary, hint, ("budget_policy_id",))
    elif not written:
        for task in job.tasks:
            yield from task.unknown((), says)


def cluster_tags(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """A cluster with another value for a required tag than the job's, which it would have anyway."""
    tags = mapping(job.values.get("tags"))
    for name in policy.rules.tags.required:
        says = policy.says(("tags", "required", name))
        yield from _unknown(job, says, ("custom_tags", name))
        for cluster in _clusters(job):
            value = value_at(cluster.value, ("custom_tags", name))
            if value is None or name not in tags or str(value) == str(tags[name]) or is_filled_in_later(value):
                continue
            summary = f"tag {quoted(name)} of the cluster is {quoted(str(value))}, that of the job {quoted(tags[name])}"
            yield cluster.finding(
                summary, f"Leave it out: the job's tags are its clusters' too. {says} requires it.", "custom_tags", name
            )


def cluster_policies(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """A cluster without a cluster policy, or with one that is not allowed."""
    if policy.rules.compute.policy_ids is None:
        return
    yield from _listed(job, "cluster policy", [("policy_id",)], policy, "policy_ids")
    for cluster in _clusters(job):
        if not cluster.value.get("policy_id"):
            yield cluster.finding("policy_id is missing", f"Write one: {policy.lists(('compute', 'policy_ids'))}")


def node_types(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """A node type or an instance pool that is not allowed."""
    nodes, pools = policy.rules.compute.node_types, policy.rules.compute.instance_pools
    of_pools = ("instance_pool_id", "driver_instance_pool_id")
    if nodes is not None:
        yield from _listed(job, "node type", _NODE_TYPES, policy, "node_types")
        hint = f"Write one: {policy.lists(('compute', 'node_types'))}"
        for cluster in _clusters(job):
            if not any(cluster.value.get(name) for name in ("node_type_id", "instance_pool_id")):
                yield cluster.finding("node_type_id is missing", hint)
    if pools is not None:
        yield from _listed(job, "instance pool", [(name,) for name in of_pools], policy, "instance_pools")
    elif nodes is not None:
        hint = f"{policy.says(('compute', 'node_types'))} limits them; list the pools under instance_pools."
        for cluster in _clusters(job):
            for name in of_pools:
                if name in cluster.value:
                    yield cluster.finding("the node types of an instance pool are not known here", hint, name)


def spark_versions(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """A runtime that is not allowed."""
    if policy.rules.compute.spark_versions is not None:
        yield from _listed(job, "Spark version", [("spark_version",)], policy, "spark_versions")
        for cluster in _clusters(job):
            if not cluster.value.get("spark_version"):
                hint = f"Write one: {policy.lists(('compute', 'spark_versions'))}"
                yield cluster.finding("spark_version is missing", hint)


def workers(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """More workers than allowed, or a number of them that is fixed (or is not) where it must not be."""
    autoscale, most = policy.rules.compute.autoscale, policy.rules.compute.max_workers
    says = policy.says(("compute", "autoscale"))
    if autoscale:
        yield from _unknown(job, says, ("autoscale",))
    for cluster in _clusters(job) if autoscale else ():
        is_scaled = bool(cluster.value.get("autoscale"))
        if autoscale == "required" and not is_scaled:
            yield cluster.finding("the cluster does not scale by itself", f"Write autoscale. {says} requires it.")
        elif autoscale == "forbidden" and is_scaled:
            yield cluster.finding("autoscale is not allowed", f"Write num_workers. {says} forbids it.", "autoscale")
    if most is not None:
        yield from _too_many(job, most, policy.says(("compute", "max_workers")))


def spot_instances(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """Instances that may be taken away where they must not be, or the other way round."""
    wanted = policy.rules.compute.spot
    if not wanted:
        return
    says = policy.says(("compute", "spot"))
    hint = f"{says} requires spot instances." if wanted == "required" else f"{says} forbids spot instances."
    yield from _unknown(job, says, *((cloud, "availability") for cloud in _OF_CLOUD), _PREEMPTIBLE)
    for cluster in _clusters(job):
        settings = [*_instance_settings(cluster)]
        for path, written, is_spot in settings:
            if not is_filled_in_later(written) and is_spot != (wanted == "required"):
                yield cluster.finding(f"{path[-1]} {quoted(str(written))} is not allowed", hint, *path)
        in_known_pool = policy.rules.compute.instance_pools is not None and "instance_pool_id" in cluster.value
        if not settings and not in_known_pool:
            advice = "Write it in the attributes of your cloud, such as aws_attributes."
            summary = "availability is missing: nothing says whether these are spot instances"
            yield cluster.finding(summary, f"{advice} {hint}")


def _too_many(job: NativeJob, most: int, says: str) -> Iterator[Diagnostic]:
    """Every number of workers that a cluster names, and clusters that name none."""
    ways = (("autoscale", "max_workers"), ("num_workers",))
    yield from _unknown(job, says, *ways)
    for cluster in _clusters(job):
        for path in ways:
            number = whole_number(value_at(cluster.value, path))
            if number is not None and number > most:
                summary = f"{path[-1]} is {number}, at most {most} are allowed"
                yield cluster.finding(summary, f"{says} sets the limit.", *path)
        needed = ways[0] if cluster.value.get("autoscale") else ways[1]
        is_unknown = is_filled_in_later(cluster.value.get("autoscale"))
        has_one_node = str(cluster.value.get("is_single_node")).lower() == "true"
        if not is_unknown and not has_one_node and value_at(cluster.value, needed) is None:
            hint = f"Write it, at most {most}. {says} requires it."
            yield cluster.finding(f"{needed[-1]} is missing", hint, *needed[:-1])


def _instance_settings(cluster: _Cluster) -> Iterator[tuple[NodePath, Any, bool]]:
    """What a cluster says of its instances: where, in which words, and whether they are spot instances."""
    for cloud in _OF_CLOUD:
        if written := value_at(cluster.value, (cloud, "availability")):
            yield (cloud, "availability"), written, str(written).startswith(("SPOT", "PREEMPTIBLE"))
    if (written := value_at(cluster.value, _PREEMPTIBLE)) is not None:
        yield _PREEMPTIBLE, (word := str(written).lower()), word == "true"


def _clusters(job: NativeJob) -> Iterator[_Cluster]:
    """Every cluster that the job would start."""
    for index, each in enumerate(elements(job.values.get("job_clusters"))):
        if cluster := mapping(mapping(each).get("new_cluster")):
            yield _Cluster(job, ("job_clusters", index, "new_cluster"), cluster)
    for task in job.tasks:
        if cluster := mapping(task.values.get("new_cluster")):
            yield _Cluster(task, ("new_cluster",), cluster)


def _is_serverless(task: NativeFields) -> bool:
    fields = task.values
    if "environment_key" in fields:
        return True
    if mapping(fields.get("notebook_task")).get("warehouse_id"):
        return False
    return any(name in fields for name in _SERVERLESS) and not any(name in fields for name in _CLUSTERS)


def _unknown(job: NativeJob, says: str, *below: NodePath) -> Iterator[Diagnostic]:
    """Clusters that are a ``${…}``, and what is one in them on the ways ``below``: it can be anything."""
    written = elements(job.values.get("job_clusters"))
    places: list[tuple[NativeFields, NodePath]] = [
        *((job, ("job_clusters", index, "new_cluster")) for index in range(len(written) or 1)),
        *((task, ("new_cluster",)) for task in job.tasks),
    ]
    for fields, path in places:
        for step in below or ((),):
            yield from fields.unknown((*path, *step), says)


def _listed(
    job: NativeJob, what: str, ways: Sequence[NodePath], policy: TargetPolicy, rule: str
) -> Iterator[Diagnostic]:
    """What stands in clusters at one of the ``ways`` and not in the list of the policy's ``rule``."""
    allowed, hint = getattr(policy.rules.compute, rule), policy.lists(("compute", rule))
    yield from _unknown(job, policy.says(("compute", rule)), *(way[:-1] for way in ways))
    for cluster in _clusters(job):
        for way in ways:
            for below, value in _texts_at(cluster.value, way):
                if not is_among(value, allowed):
                    yield cluster.finding(f"{what} {quoted(value)} is not allowed", hint, *below)


def _texts_at(cluster: Mapping[str, Any], way: NodePath) -> Iterator[tuple[NodePath, str]]:
    """The value there, or each of those in a list, with its path."""
    value = value_at(cluster, way)
    if isinstance(value, list):
        yield from (((*way, index), str(each)) for index, each in enumerate(value))
    elif value is not None:
        yield way, str(value)
