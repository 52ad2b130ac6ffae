"""``dbutils.secrets``: from a file that git ignores, or from the environment."""

import builtins
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from framework.core.errors import FrameworkError
from framework.runtime.redaction import keep_secret


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
    """Secrets of ``file`` (``{scope: {key: value}}``), then of ``FRAMEWORK_SECRET_<SCOPE>_<KEY>``."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def get(self, scope: str, key: str) -> str:
        """The secret, redacted from now on where it is shown. Raises FrameworkError when neither place has it."""
        name = variable(scope, key)
        value = self._scopes().get(scope, {}).get(key, os.environ.get(name))
        if value is None:
            raise FrameworkError(
                f"there is no secret '{key}' in scope '{scope}' for a local run",
                f'put {{"{scope}": {{"{key}": …}}}} into {self._file}, or set the environment variable {name}',
            )
        return keep_secret(value)

    def getBytes(self, scope: str, key: str) -> bytes:  # noqa: N802
        """The secret as UTF-8."""
        return self.get(scope, key).encode()

    def list(self, scope: str) -> "builtins.list[SecretMetadata]":
        """The names in a scope of the file; those of the environment cannot be told apart."""
        return [SecretMetadata(key) for key in self._scopes().get(scope, {})]

    def listScopes(self) -> "builtins.list[SecretScope]":  # noqa: N802
        """The scopes of the file."""
        return [SecretScope(name) for name in self._scopes()]

    def _scopes(self) -> Mapping[str, Mapping[str, str]]:
        try:
            text = self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        try:
            scopes = json.loads(text)
        except ValueError as error:
            # The error's own text would be fine, but not its document: that holds secrets.
            place = f":{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else ""
            raise FrameworkError(f"{self._file}{place} is not JSON") from None
        if not isinstance(scopes, dict) or not all(isinstance(scope, dict) for scope in scopes.values()):
            raise FrameworkError(f"{self._file} must hold an object of scopes, each an object of keys and values")
        return {name: {key: str(value) for key, value in scope.items()} for name, scope in scopes.items()}


def variable(scope: str, key: str) -> str:
    """The environment variable that may hold a secret."""
    return "FRAMEWORK_SECRET_" + re.sub(r"[^A-Z0-9]", "_", f"{scope}_{key}".upper())
