"""What ``conf/policy.yml`` may say, section by section.

A pattern is a regular expression for the whole of a name. A list of allowed values takes ``*``; left out, everything
is allowed.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from framework.runtime.kinds.options import STRICT

AllowedValues = list[str] | None
Limit = Annotated[int, Field(ge=1)] | None
AtLeastZero = Annotated[int, Field(ge=0)] | None
DaysOfRecords = Annotated[int, Field(ge=60)] | None
"""No fewer than the Jobs service knows its runs for: ``framework runs sync`` would bring back what was taken away."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """A mapping with the fields of its class and no others."""

    __pydantic_config__: ClassVar = STRICT


@dataclass(frozen=True, kw_only=True)
class TagRule(Section):
    """What a tag may be: one of ``values``, or what ``pattern`` matches; with neither, anything but nothing."""

    values: AllowedValues = None
    pattern: str | None = None


@dataclass(frozen=True, kw_only=True)
class TagsSection(Section):
    """The tags that every job carries."""

    required: dict[str, TagRule] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class NamesSection(Section):
    """A pattern for the names of each kind of thing; of tables and models those that are written.

    ``experiment`` is the name without its folder.
    """

    project: str | None = None
    pipeline: str | None = None
    task: str | None = None
    parameter: str | None = None
    schema: str | None = None
    table: str | None = None
    model: str | None = None
    experiment: str | None = None


@dataclass(frozen=True, kw_only=True)
class RunAsSection(Section):
    """Who jobs run as: a service principal, one of those ``allowed``."""

    service_principal: bool = False
    allowed: AllowedValues = None


@dataclass(frozen=True, kw_only=True)
class BranchesSection(Section):
    """Patterns of the git branches and tags that may be deployed."""

    branches: AllowedValues = None
    tags: AllowedValues = None


@dataclass(frozen=True, kw_only=True)
class DeploySection(Section):
    """Who may deploy: whoever is in one of ``groups``, or is one of ``principals``, such as that of a CI system."""

    groups: AllowedValues = None
    principals: AllowedValues = None


@dataclass(frozen=True, kw_only=True)
class PlanSection(Section):
    """What may be done to what is deployed, by a deployment, a rollback or ``framework destroy``.

    ``change_run_as`` left out: only with ``--allow run-as``. ``delete_data`` is about ``framework destroy --data``: a
    deployment never deletes data, whatever a policy says.
    """

    delete_jobs: bool = True
    recreate_jobs: bool = True
    change_run_as: bool | None = None
    open_permissions: bool = True
    delete_data: bool = True


@dataclass(frozen=True, kw_only=True)
class ComputeSection(Section):
    """The compute that jobs may use. ``budget_policies`` are asked of a job with serverless tasks."""

    serverless_only: bool = False
    existing_clusters: bool = True
    budget_policies: AllowedValues = None
    policy_ids: AllowedValues = None
    node_types: AllowedValues = None
    instance_pools: AllowedValues = None
    spark_versions: AllowedValues = None
    max_workers: AtLeastZero = None
    autoscale: Literal["required", "forbidden"] | None = None
    spot: Literal["required", "forbidden"] | None = None


@dataclass(frozen=True, kw_only=True)
class PermissionRule(Section):
    """One principal (``*`` stands for any characters) with ``level`` or a higher one; left out, with any."""

    user_name: str | None = None
    group_name: str | None = None
    service_principal_name: str | None = None
    level: Literal["CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER"] | None = None


@dataclass(frozen=True, kw_only=True)
class PermissionsSection(Section):
    """Permissions that every job has, and those that no job has."""

    required: list[PermissionRule] = field(default_factory=list)
    forbidden: list[PermissionRule] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class NotificationsSection(Section):
    """Events of a job that somebody must hear of, and the addresses that may be told: emails, ids of webhooks."""

    required: list[Literal["on_start", "on_success", "on_failure", "on_duration_warning_threshold_exceeded"]] = field(
        default_factory=list
    )
    emails: AllowedValues = None
    webhooks: AllowedValues = None


@dataclass(frozen=True, kw_only=True)
class LimitsSection(Section):
    """The most that a job or a task may ask for. A time limit must then be there: without one, it is endless."""

    job_timeout_seconds: Limit = None
    task_timeout_seconds: Limit = None
    max_retries: AtLeastZero = None


@dataclass(frozen=True, kw_only=True)
class ThinSection(Section):
    """What notebooks and main modules may hold; left out: 20 statements and nothing else."""

    max_statements: AtLeastZero = None
    allow_functions: bool | None = None
    allow_classes: bool | None = None
    allow_loops: bool | None = None
    allow_sql: bool | None = None


@dataclass(frozen=True, kw_only=True)
class OpsSection(Section):
    """Who may read the records of all runs: the groups in ``auditors``."""

    auditors: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class RetentionSection(Section):
    """How long tables keep their past. Left out: as long as Delta keeps it anyway, and records of runs for good."""

    training_inputs_days: Limit = None
    run_records_days: DaysOfRecords = None


@dataclass(frozen=True, kw_only=True)
class PolicyRules(Section):
    """Everything that may differ by target. ``severities`` go by the name of a rule."""

    tags: TagsSection = field(default_factory=TagsSection)
    names: NamesSection = field(default_factory=NamesSection)
    run_as: RunAsSection = field(default_factory=RunAsSection)
    branches: BranchesSection = field(default_factory=BranchesSection)
    deploy: DeploySection = field(default_factory=DeploySection)
    plan: PlanSection = field(default_factory=PlanSection)
    compute: ComputeSection = field(default_factory=ComputeSection)
    permissions: PermissionsSection = field(default_factory=PermissionsSection)
    notifications: NotificationsSection = field(default_factory=NotificationsSection)
    limits: LimitsSection = field(default_factory=LimitsSection)
    thin: ThinSection = field(default_factory=ThinSection)
    ops: OpsSection = field(default_factory=OpsSection)
    retention: RetentionSection = field(default_factory=RetentionSection)
    environment_variables: AllowedValues = None
    severities: dict[str, Literal["error", "warning", "off"]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class WaiverFields(Section):
    """An exception as written. ``at`` is a project, project/pipeline or project/pipeline/task; each takes ``*``.

    ``file`` narrows it to findings that stand in a file: its path from the root, with ``*`` for any characters.
    """

    rule: str
    at: str
    reason: str
    owner: str
    expires: Annotated[str, Field(json_schema_extra={"format": "date"})]
    targets: AllowedValues = None
    file: str | None = None


@dataclass(frozen=True, kw_only=True)
class PolicyFields(PolicyRules):
    """A policy file: rules for all targets, what differs for some, and exceptions.

    A waiver ends at the latest ``max_waiver_days`` from today.
    """

    targets: dict[str, PolicyRules] = field(default_factory=dict)
    waivers: list[WaiverFields] = field(default_factory=list)
    max_waiver_days: Limit = None


def patterns_in(rules: Any) -> list[tuple[tuple[str | int, ...], str]]:
    """Every pattern in ``rules`` (as written, sound in its types) with its path."""
    found: list[tuple[tuple[str | int, ...], str]] = []
    for name, tag in rules.get("tags", {}).get("required", {}).items():
        found.append((("tags", "required", name, "pattern"), tag.get("pattern")))
    found += [(("names", name), pattern) for name, pattern in rules.get("names", {}).items()]
    for name, several in rules.get("branches", {}).items():
        found += [(("branches", name, index), pattern) for index, pattern in enumerate(several or ())]
    return [(path, pattern) for path, pattern in found if pattern is not None]
