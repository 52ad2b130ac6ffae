"""What this process keeps secret in whatever it shows or records of a run, though its tasks alone were given it."""

import os
from contextlib import suppress

from framework.core.errors import FrameworkError
from framework.local.paths import LocalPaths
from framework.runtime.redaction import keep_secret, keep_secrets_of
from framework.runtime.secrets import scopes_in


def keep_known_secrets(paths: LocalPaths) -> None:
    """Redact from now on what is secret by its name in the environment, and all that the local file of secrets has."""
    keep_secrets_of(os.environ)
    # A file that is broken is told to the task that asks for a secret.
    with suppress(FrameworkError, OSError):
        for scope in scopes_in(paths.secrets).values():
            for value in scope.values():
                keep_secret(value)
