"""What to say of a reference that names nothing."""

from collections.abc import Iterable
from dataclasses import dataclass

from framework.core.diagnostics import Diagnostic, Location
from framework.local.foreign_bundle.tree import finding, warning
from framework.spec.node_path import NodePath, format_path
from framework.spec.suggestions import close_match

_NOTICES = ("email_notifications", "health", "notification_settings", "webhook_notifications")
_CLUSTERS = ("job_cluster_key", "job_clusters", "new_cluster")
_RIGHTS = ("access_control_list", "permissions", "run_as")
_UNSEEN = frozenset((*_NOTICES, *_CLUSTERS, *_RIGHTS, "continuous", "description", "schedule", "tags", "trigger"))
"""The fields of jobs and of tasks that a local run does not look at."""

_SECTIONS = ("var", "bundle", "workspace", "resources", "artifacts")


@dataclass(frozen=True)
class Unknown(Exception):
    """The way ``path`` ends before its step ``known``, where there is one of ``names`` instead."""

    path: NodePath
    known: int
    names: tuple[str, ...]

    @property
    def of_deployed_resource(self) -> bool:
        """Whether the reference is to what only a deployment would tell about a resource other than a job."""
        return self.path[0] == "resources" and self.path[1:2] != ("jobs",) and self.known >= 3

    def diagnostic(self, reference: str, place: Location, path: NodePath) -> Diagnostic | None:
        """The finding for the value at ``path``; None when the text may stand there as it is."""
        if self.of_deployed_resource:
            if not matters(path):
                return None
            hint = "Its name stands in for it. A local run deploys nothing but jobs."
            return warning(f"${{{reference}}} has no value here", place, path, hint)
        if self.path[0] == "variables" and self.known == 2:
            return None  # The variable lacks a value, which counts only where it is needed.
        if len(self.path) == 1:
            return None  # So shells write their variables, and the CLI leaves it alone too.
        nearest = self._nearest()
        hint = f"Did you mean ${{{nearest}}}?" if nearest else _known(self.names)
        return finding(f"reference to nothing: ${{{reference}}}", place, path, hint)

    def _nearest(self) -> str:
        names = self.names if self.known else (*self.names, *_SECTIONS)
        close = close_match(str(self.path[self.known]), names)
        corrected = (*self.path[: self.known], close, *self.path[self.known + 1 :])
        if corrected[0] == "variables" and corrected[2:3] == ("value",):
            corrected = ("var", corrected[1], *corrected[3:])
        return format_path(corrected) if close else ""


def matters(path: NodePath) -> bool:
    """Whether a local run looks at the value at ``path``: it has no clusters, warehouses, schedules or permissions."""
    if path and str(path[-1]).endswith("_id") and not any("parameters" in str(step) for step in path):
        return path[-2:] == ("run_job_task", "job_id")
    if path[:2] != ("resources", "jobs"):
        return True
    names = [step for step in path[3:] if isinstance(step, str) and step not in ("tasks", "for_each_task", "task")]
    return not names or names[0] not in _UNSEEN


def _known(names: Iterable[str]) -> str:
    known = ", ".join(list(names)[:10])
    return f"There is: {known}." if known else "There is nothing of this kind."
