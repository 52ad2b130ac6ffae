"""What a target changes about every resource: names, tags, how many runs at a time; and the CLI's own defaults."""

from collections.abc import Mapping
from dataclasses import dataclass

from framework.core.diagnostics import Diagnostic
from framework.local.foreign_bundle.interpolate import as_text
from framework.local.foreign_bundle.surroundings import normalized
from framework.local.foreign_bundle.tree import Placed, finding, given

_DEVELOPMENT_RUNS = 4
_TRIGGERS = ("schedule", "trigger", "continuous")
_PLAIN_NAMES = ("schemas", "registered_models", "model_serving_endpoints")
"""Resources whose names take no brackets or spaces."""

_FREE_NAMES = ("jobs", "pipelines", "models", "experiments")


@dataclass(frozen=True, kw_only=True)
class Presets:
    """What is put before names and into the jobs that do not say it themselves."""

    name_prefix: str
    tags: Mapping[str, Placed]
    max_concurrent_runs: Placed
    pause_status: str

    @classmethod
    def of(cls, tree: Placed, written: Placed, findings: list[Diagnostic]) -> "Presets":
        """The presets that are ``written``, over those of the target's mode."""
        in_development = tree.at("bundle", "mode").value == "development"
        short_name = tree.at("workspace", "current_user", "short_name").text if in_development else ""
        prefix = written.at("name_prefix")
        if isinstance(prefix.value, dict | tuple):
            findings.append(finding("'name_prefix' has to be text", prefix.place, ("presets", "name_prefix")))
        if not isinstance(written.at("tags").value, dict | None):
            findings.append(finding("'tags' has to be a mapping", written.at("tags").place, ("presets", "tags")))
        tags = {"dev": given(short_name, tree.place)} if in_development else {}
        runs = written.at("jobs_max_concurrent_runs")
        return cls(
            name_prefix=as_text(prefix.value) or (f"[dev {short_name}] " if in_development else ""),
            tags={**tags, **written.at("tags").fields},
            max_concurrent_runs=runs if runs.value else given(_DEVELOPMENT_RUNS if in_development else 1, tree.place),
            pause_status=written.at("trigger_pause_status").text or ("PAUSED" if in_development else "UNPAUSED"),
        )

    def apply(self, resources: Placed) -> Placed:
        """The resources with the presets; what is not a mapping stays what it is."""
        kinds = {kind: self._named(kind, of_kind) for kind, of_kind in resources.fields.items()}
        jobs = kinds.get("jobs", resources)
        if "jobs" in kinds:
            done = {key: self._job(job) for key, job in jobs.fields.items() if isinstance(job.value, dict)}
            kinds["jobs"] = jobs.with_fields(**done) if done else jobs
        return resources.with_fields(**kinds) if kinds else resources

    def _named(self, kind: str, of_kind: Placed) -> Placed:
        named = {}
        for key, resource in of_kind.fields.items():
            name = resource.at("name")
            if isinstance(resource.value, dict) and (kind == "jobs" or name.value is not None):
                text = self._prefixed(kind, as_text(name.value) if not isinstance(name.value, dict | tuple) else "")
                named[key] = resource.with_fields(name=given(text, name.place))
        return of_kind.with_fields(**named) if named else of_kind

    def _prefixed(self, kind: str, name: str) -> str:
        if kind in _PLAIN_NAMES:
            # "[dev ada] " becomes "dev_ada_"; a prefix without brackets says itself how it ends.
            end = "_" if self.name_prefix.rstrip(" ").endswith("]") else ""
            return normalized(self.name_prefix) + end + name
        if kind == "experiments":
            folder, slash, base = name.rpartition("/")
            return folder + slash + self.name_prefix + base
        return (self.name_prefix + name if kind in _FREE_NAMES else name) or "Untitled"

    def _job(self, job: Placed) -> Placed:
        tags = {**self.tags, **job.at("tags").fields}
        defaults = {
            "max_concurrent_runs": self.max_concurrent_runs,
            "queue": given({"enabled": True}, job.place),
            **({"tags": job.at("tags").with_fields(**tags)} if tags else {}),
        }
        missing = {name: value for name, value in defaults.items() if name == "tags" or not job.at(name).value}
        paused = {name: self._paused(job.at(name)) for name in _TRIGGERS if job.at(name).fields}
        return job.with_fields(**missing, **paused)

    def _paused(self, trigger: Placed) -> Placed:
        if trigger.at("pause_status").value:
            return trigger
        return trigger.with_fields(pause_status=given(self.pause_status, trigger.place))
