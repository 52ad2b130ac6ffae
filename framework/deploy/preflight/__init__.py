"""What has to hold before something is deployed: ``preflight`` looks at all of it and changes nothing."""

from framework.deploy.preflight.check import Check, CheckState, missing, require_ready, telling
from framework.deploy.preflight.examination import preflight

__all__ = ["Check", "CheckState", "missing", "preflight", "require_ready", "telling"]
