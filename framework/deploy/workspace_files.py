"""Files, notebooks and directories of a workspace, with errors that say what to do."""

import base64
import io
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from framework.core.errors import DatabricksRefused
from framework.core.notebook_source import begins_as_notebook
from framework.deploy.workspace import asking

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

_LANGUAGES = {".ipynb": "PYTHON", ".py": "PYTHON", ".r": "R", ".sql": "SQL", ".scala": "SCALA"}
_LARGEST_IMPORT = 7_000_000
"""Bytes that the documented way takes: 10 MB of text. Larger ones go the way that the Databricks CLI takes."""


@dataclass(frozen=True)
class WorkspaceFiles:
    """What can be done with paths such as ``/Workspace/framework/prod``. All of it raises DatabricksError."""

    client: "WorkspaceClient"

    def exists(self, path: str) -> bool:
        """Whether there is something at ``path`` that this login may see."""
        try:
            with asking(f"look for {path}"):
                self.client.workspace.get_status(path)
        except DatabricksRefused as error:
            if error.status != 404:
                raise
            return False
        return True

    def below(self, directory: str, *, recursive: bool = True) -> dict[str, int | None]:
        """What ``directory`` holds at any depth, but no directories: path below it → size, None where none is told.

        With ``recursive=False``, only what is right in it, directories included. Nothing when it is not there.
        """
        base = _plain(directory)
        try:
            with asking(f"list {directory}", f"CAN_READ on {directory}"):
                found = list(self.client.workspace.list(directory, recursive=recursive))
        except DatabricksRefused as error:
            if error.status != 404:
                raise
            return {}
        return {posixpath.relpath(_plain(each.path or ""), base): each.size for each in found}

    def read(self, path: str) -> bytes:
        """A file's bytes."""
        from databricks.sdk.service.workspace import ExportFormat

        with asking(f"read {path}", f"CAN_READ on {path}"):
            return self.client.workspace.download(path, format=ExportFormat.AUTO).read()

    def write(self, path: str, content: bytes, *, overwrite: bool = False) -> bool:
        """Make a file or notebook, at the path that ``path_of`` tells; False when it was there and stays as it was."""
        try:
            with asking(f"write {path}", f"CAN_EDIT on {posixpath.dirname(path)}"):
                self._send(path, content, overwrite)
        except DatabricksRefused as error:
            if error.status != 409 or overwrite:
                raise
            return False
        return True

    def make(self, directory: str) -> None:
        """Make a directory and those above it, unless they are there."""
        with asking(f"make {directory}", f"CAN_EDIT on the directory above {directory}"):
            self.client.workspace.mkdirs(directory)

    def delete(self, path: str) -> None:
        """Take away a file, or a directory with all that is in it, unless it is gone."""
        try:
            with asking(f"delete {path}", f"CAN_MANAGE on {path}"):
                self.client.workspace.delete(path, recursive=True)
        except DatabricksRefused as error:
            if error.status != 404:
                raise

    def let_read(self, directory: str, principal: Mapping[str, str]) -> None:
        """Give CAN_READ on ``directory`` to who has nothing there yet.

        ``principal`` is as in ``run_as``: ``{"service_principal_name": …}``, ``{"user_name": …}`` or a group.
        """
        from databricks.sdk.service.workspace import WorkspaceObjectAccessControlRequest as Entry
        from databricks.sdk.service.workspace import WorkspaceObjectPermissionLevel as Level

        workspace = self.client.workspace
        with asking(f"let the jobs read {directory}", f"CAN_MANAGE on {directory}"):
            number = str(workspace.get_status(directory).object_id)
            given = workspace.get_permissions("directories", number).access_control_list or []
            # A level that is set replaces the one before: who may do more must not lose it.
            if not any(_is(each, principal) for each in given):
                entry = Entry(**principal, permission_level=Level.CAN_READ)
                workspace.update_permissions("directories", number, access_control_list=[entry])

    def _send(self, path: str, content: bytes, overwrite: bool) -> None:
        from databricks.sdk.service.workspace import ImportFormat, Language

        if len(content) > _LARGEST_IMPORT:
            self.client.api_client.do(
                "POST",
                f"/api/2.0/workspace-files/import-file/{quote(path.lstrip('/'), safe='')}",
                query={"overwrite": str(overwrite).lower()},
                headers={"Content-Type": "application/octet-stream"},
                data=io.BytesIO(content),
            )
            return
        kind, language = ImportFormat.AUTO, None
        if is_notebook(path, content):
            suffix = posixpath.splitext(path)[1].lower()
            kind = ImportFormat.JUPYTER if suffix == ".ipynb" else ImportFormat.SOURCE
            language = Language(_LANGUAGES[suffix])
        # Not ``upload``: the client tries this one again when the workspace is busy or the connection is cut.
        self.client.workspace.import_(
            path_of(path, content),
            content=base64.b64encode(content).decode(),
            format=kind,
            language=language,
            overwrite=overwrite,
        )


def is_notebook(path: str, content: bytes) -> bool:
    """Whether a workspace takes the file for a notebook."""
    return begins_as_notebook(posixpath.splitext(path)[1], content)


def path_of(path: str, content: bytes) -> str:
    """The path at which a workspace has the file: notebooks have no suffix there."""
    return posixpath.splitext(path)[0] if is_notebook(path, content) else path


def _plain(path: str) -> str:
    """Some answers have the prefix /Workspace, others don't, for the same object."""
    return "/" + path.removeprefix("/Workspace/").strip("/")


def _is(entry: Any, principal: Mapping[str, str]) -> bool:
    return any(getattr(entry, name, None) == value for name, value in principal.items())
