"""``dbutils.secrets``: from the environment, or from a file that git ignores."""

import builtins
from dataclasses import dataclass
from pathlib import Path

from framework.runtime import secrets


@dataclass(frozen=True)
class SecretMetadata:
    """The name of a secret."""

    key: str


@dataclass(frozen=True)
class SecretScope:
    """The name of a scope."""

    name: str

    def getName(self) -> str:  # noqa: N802
        """The name, as the Java object on a cluster gives it."""
        return self.name


class Secrets:
    """Secrets of ``FRAMEWORK_SECRET_<SCOPE>_<KEY>``, then of ``file`` (``{scope: {key: value}}``)."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def get(self, scope: str, key: str) -> str:
        """The secret, redacted from now on where it is shown. Raises FrameworkError when neither place has it."""
        return secrets.local_secret(self._file, scope, key)

    def getBytes(self, scope: str, key: str) -> bytes:  # noqa: N802
        """The secret as UTF-8."""
        return self.get(scope, key).encode()

    def list(self, scope: str) -> "builtins.list[SecretMetadata]":
        """The names in a scope of the file; those of the environment cannot be told apart."""
        return [SecretMetadata(key) for key in secrets.scopes_in(self._file).get(scope, {})]

    def listScopes(self) -> "builtins.list[SecretScope]":  # noqa: N802
        """The scopes of the file."""
        return [SecretScope(name) for name in secrets.scopes_in(self._file)]
