"""Rules about compute: what is not written is not judged, the workspace's own defaults and policies hold for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from framework.check.policy.native_fields import NativeFields, NativeJob, listed, mapping
from framework.core.diagnostics import Diagnostic
from framework.spec.node_path import NodePath, quoted
from framework.spec.patterns import is_among
from framework.spec.policy_spec import TargetPolicy

_SERVERLESS = (
    "python_wheel_task", "spark_python_task", "notebook_task", "dbt_task", "gen_ai_compute_task", "ai_runtime_task",
)  # fmt: skip
"""What runs on serverless unless it names a cluster."""
_CLUSTERS = ("job_cluster_key", "existing_cluster_id", "new_cluster")
_OF_CLOUD = ("aws_attributes", "azure_attributes", "gcp_attributes")


@dataclass(frozen=True)
class _Cluster:
    """The cluster that stands at ``path`` in the ``fields`` of a job or task."""

    fields: NativeFields
    path: NodePath
    value: Mapping[str, Any]

    def finding(self, summary: str, hint: str, *below: str) -> Diagnostic:
        return self.fields.finding(summary, hint, (*self.path, *below))


def serverless_only(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """Any cluster, where only serverless is allowed."""
    if policy.rules.compute.serverless_only:
        hint = f"Use environments instead. {policy.says(('compute', 'serverless_only'))} requires it."
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
        yield job.finding(summary, f"{says} lists those that are.", ("budget_policy_id",))
    elif not written and any(_is_serverless(task) for task in job.tasks):
        hint = f"Write it under 'compute' in conf/{policy.target}.yml. {says} requires it."
        summary = "budget_policy_id is missing: tags do not reach the cost of serverless tasks"
        yield job.missing(summary, hint, ("budget_policy_id",))


def cluster_policies(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """A cluster without a cluster policy, or with one that is not allowed."""
    allowed = policy.rules.compute.policy_ids
    for cluster in _clusters(job) if allowed is not None else ():
        says = policy.says(("compute", "policy_ids"))
        if not cluster.value.get("policy_id"):
            yield cluster.finding("policy_id is missing", f"{says} lists those that are allowed.")
        else:
            yield from _listed(cluster, "policy_id", "cluster policy", allowed, says)


def node_types(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """A node type or an instance pool that is not allowed."""
    nodes, pools = policy.rules.compute.node_types, policy.rules.compute.instance_pools
    for cluster in _clusters(job) if nodes is not None or pools is not None else ():
        for name in ("node_type_id", "driver_node_type_id") if nodes is not None else ():
            yield from _listed(cluster, name, "node type", nodes, policy.says(("compute", "node_types")))
        for name in ("instance_pool_id", "driver_instance_pool_id"):
            if pools is not None:
                yield from _listed(cluster, name, "instance pool", pools, policy.says(("compute", "instance_pools")))
            elif nodes is not None and name in cluster.value:
                hint = f"{policy.says(('compute', 'node_types'))} limits them; list the pools under instance_pools."
                yield cluster.finding("the node types of an instance pool are not known here", hint, name)


def spark_versions(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """A runtime that is not allowed."""
    allowed = policy.rules.compute.spark_versions
    for cluster in _clusters(job) if allowed is not None else ():
        yield from _listed(
            cluster, "spark_version", "Spark version", allowed, policy.says(("compute", "spark_versions"))
        )


def workers(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """More workers than allowed, or a number of them that is fixed (or is not) where it must not be."""
    most, autoscale = policy.rules.compute.max_workers, policy.rules.compute.autoscale
    for cluster in _clusters(job) if autoscale or most is not None else ():
        scaled = mapping(cluster.value.get("autoscale"))
        says = policy.says(("compute", "autoscale")) if autoscale else ""
        if autoscale == "required" and not scaled:
            yield cluster.finding("the cluster does not scale by itself", f"Write autoscale. {says} requires it.")
        elif autoscale == "forbidden" and scaled:
            yield cluster.finding("autoscale is not allowed", f"Write num_workers. {says} forbids it.", "autoscale")
        path = ("autoscale", "max_workers") if scaled else ("num_workers",)
        number = (scaled or cluster.value).get(path[-1])
        if most is not None and isinstance(number, int) and number > most:
            hint = f"{policy.says(('compute', 'max_workers'))} sets the limit."
            yield cluster.finding(f"{path[-1]} is {number}, at most {most} are allowed", hint, *path)


def spot_instances(job: NativeJob, policy: TargetPolicy) -> Iterator[Diagnostic]:
    """Instances that may be taken away where they must not be, or the other way round."""
    wanted = policy.rules.compute.spot
    for cluster in _clusters(job) if wanted else ():
        for cloud in _OF_CLOUD:
            written = str(mapping(cluster.value.get(cloud)).get("availability") or "")
            is_spot = written.startswith(("SPOT", "PREEMPTIBLE"))
            if written and is_spot != (wanted == "required"):
                says = policy.says(("compute", "spot"))
                hint = f"{says} requires spot instances." if wanted == "required" else f"{says} forbids spot instances."
                yield cluster.finding(f"availability {quoted(written)} is not allowed", hint, cloud, "availability")


def _clusters(job: NativeJob) -> Iterator[_Cluster]:
    """Every cluster that the job would start."""
    for index, each in enumerate(listed(job.values.get("job_clusters"))):
        if cluster := mapping(mapping(each).get("new_cluster")):
            yield _Cluster(job, ("job_clusters", index, "new_cluster"), cluster)
    for task in job.tasks:
        if cluster := mapping(task.values.get("new_cluster")):
            yield _Cluster(task, ("new_cluster",), cluster)


def _is_serverless(task: NativeFields) -> bool:
    fields = task.values
    if mapping(fields.get("notebook_task")).get("warehouse_id"):
        return False
    return any(name in fields for name in _SERVERLESS) and not any(name in fields for name in _CLUSTERS)


def _listed(cluster: _Cluster, name: str, what: str, allowed: list[str] | None, says: str) -> Iterator[Diagnostic]:
    value = cluster.value.get(name)
    if value is not None and not is_among(str(value), allowed or ()):
        yield cluster.finding(f"{what} {quoted(str(value))} is not allowed", f"{says} lists those that are.", name)
