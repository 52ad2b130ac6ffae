"""Releases and the records of deployments, in the workspace that they were deployed to.

    <deploy root>/<project>/releases/<release id>/                  as framework.deploy.release has it
    <deploy root>/<project>/deployments/<time>-<id>.started.json    and .ended.json

Nothing there is changed once it is written: jobs that run refer to it, and a rollback goes back to it. A release is
whole when it has its manifest, which is written last.
"""

import hashlib
import json
import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from framework.core.errors import DatabricksError, DatabricksRefused, FrameworkError
from framework.deploy import history
from framework.deploy.release import BUNDLE, content_of, keep, manifest, read_manifest
from framework.deploy.workspace_files import WorkspaceFiles, is_notebook, path_of
from framework.records.releases import MANIFEST, Deployment, Release, key_of_place, place_in

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

LAST = 100
"""How many deployments are looked back at first: each one costs a request, and they only grow more."""

Enough = Callable[[Sequence[Deployment]], object]
"""Whether these deployments, the last ones, tell all that somebody wants to know."""

_OF_EACH = 20
"""How many are read at once, to find what is live in a place, or which releases were deployed last."""
_AT_ONCE = 8
_STARTED, _ENDED = ".started.json", ".ended.json"

T = TypeVar("T")
R = TypeVar("R")


class ReleaseStore:
    """The store of one project below ``deploy_root``, a path such as ``/Workspace/framework/prod``.

    Every method raises DatabricksError when the workspace refuses or does not answer.
    """

    def __init__(self, client: "WorkspaceClient", deploy_root: str, project: str) -> None:
        self.root = f"{deploy_root.rstrip('/')}/{project}"
        self._files = WorkspaceFiles(client)

    def release_path(self, release_id: str) -> str:
        """The release's directory: the value of the bundle's variable ``release_path``."""
        return f"{self.root}/releases/{release_id}"

    def has(self, release_id: str) -> bool:
        """Whether the whole release is there."""
        return self._files.exists(f"{self.release_path(release_id)}/{MANIFEST}")

    def upload(self, directory: Path, release: Release, reader: Mapping[str, str] = MappingProxyType({})) -> int:
        """Bring what is missing of the release in ``directory``, and answer how many files that were.

        It goes on where an upload was broken off, and brings back what somebody deleted. ``reader`` is the principal
        that the jobs run as (``{"service_principal_name": …}``): it may read the project's directory from then on.
        """
        contents = {path: content_of(directory, release, path) for path in release.files}
        there = self._files.below(self.release_path(release.id))
        missing = _missing(contents, there)
        if not missing and MANIFEST in there:
            return 0
        self._make_directories(release.id, missing)

        def send(path: str) -> None:
            known = path_of(path, contents[path]) in there
            self._files.write(f"{self.release_path(release.id)}/{path}", contents[path], overwrite=known)

        _in_parallel(send, missing)
        if missing and (lost := _missing(contents, self._files.below(self.release_path(release.id)))):
            raise DatabricksError(f"the workspace does not have {lost[0]} after the upload", "Run the command again.")
        if reader:
            self._files.let_read(self.root, reader)
        self._files.write(f"{self.release_path(release.id)}/{MANIFEST}", manifest(release))
        return len(missing)

    def download(self, release_id: str, into: Path) -> Release:
        """The release with its bundle, in ``into / release_id``; wheels, plans and files stay where jobs read them.

        Raises FrameworkError when it is not there, is not whole any more, or was changed.
        """
        if not (release := self._release(release_id)):
            raise FrameworkError(f"there is no release {release_id} in {self.root}", "See: framework releases")
        there = self._files.below(self.release_path(release_id))
        gone = [path for path in release.files if path not in there and posixpath.splitext(path)[0] not in there]
        wanted = [path for path in release.files if path.startswith(f"{BUNDLE}/") and path not in gone]
        contents = dict(zip(wanted, _in_parallel(lambda path: self._read(release_id, path), wanted), strict=True))
        changed = [path for path in wanted if hashlib.sha256(contents[path]).hexdigest() != release.files[path]]
        if gone or changed:
            what = f"{gone[0]} is missing" if gone else f"{changed[0]} was changed"
            hint = "Deploy its commit again: that brings back what is missing."
            raise FrameworkError(f"release {release_id} is not whole any more: {what} in {self.root}", hint)
        keep(release, contents, into)
        return release

    def releases(self) -> list[Release]:
        """Every whole release, by its id."""
        found = sorted(self._files.below(f"{self.root}/releases", recursive=False))
        return [release for release in _in_parallel(self._release, found) if release]

    def note(self, deployment: Deployment) -> None:
        """Record that a deployment begins or, when it has ``ended_at``, that it is over."""
        self._files.make(f"{self.root}/deployments")
        name = f"{deployment.name}{_ENDED if deployment.ended_at else _STARTED}"
        content = json.dumps(deployment.as_dict(), indent=2) + "\n"
        self._files.write(f"{self.root}/deployments/{name}", content.encode())

    def deployments(
        self,
        last: int = LAST,
        place: str = "",
        broken: Callable[[FrameworkError], object] | None = None,
        enough: Enough = lambda _: True,
    ) -> list[Deployment]:
        """The ``last`` deployments, the oldest first, as each was recorded last: one request for each of them.

        While they are not ``enough``, as many more of those before them.
        ``place`` is the root path of those that count, in development one for each person. ``broken`` is told of each
        record that nobody can read, and it is left out; without it, that raises FrameworkError.
        """
        names = self._records()
        if place:
            names = [name for name in names if place_in(name) == key_of_place(place)]
        return self._read_back(names, last, enough, broken)

    def of_every_place(self) -> list[Deployment]:
        """The deployments of each place, the oldest first; of many, back to the last that succeeded at least."""
        by_place: dict[str, list[str]] = {}
        for name in self._records():
            by_place.setdefault(place_in(name), []).append(name)
        found = [self._read_back(names, _OF_EACH, history.succeeded) for names in by_place.values()]
        return sorted((each for those in found for each in those), key=lambda each: each.name)

    def holds_more_than(self, number: int) -> bool:
        """Whether there are more releases."""
        return len(self._files.below(f"{self.root}/releases", recursive=False)) > number

    def prune(self, keep: int, goes_on: Callable[[], bool] = lambda: True) -> list[str]:
        """Delete all releases but the ``keep`` that were deployed last, and those in use; answer their ids.

        While nobody else uses the store, as framework.deploy.retention has it; ``goes_on`` is asked before each.
        """
        found = sorted(self._files.below(f"{self.root}/releases", recursive=False))

        def used(past: Sequence[Deployment]) -> list[str]:
            return [each for each in dict.fromkeys(each.release for each in reversed(past)) if each in found]

        last = used(self.deployments(_OF_EACH, enough=lambda past: len(used(past)) >= keep))
        kept = {*last[:keep], *history.in_use(self.of_every_place())}
        gone = []
        for release_id in (each for each in found if each not in kept):
            if not goes_on():
                break
            # First the manifest: who is interrupted leaves nothing that looks whole.
            self._files.delete(f"{self.release_path(release_id)}/{MANIFEST}")
            self._files.delete(self.release_path(release_id))
            gone.append(release_id)
        return gone

    def _records(self) -> list[str]:
        """The files with the last word about each deployment, the oldest first."""
        names = self._files.below(f"{self.root}/deployments", recursive=False)
        latest = {
            name.removesuffix(suffix): name for suffix in (_STARTED, _ENDED) for name in names if name.endswith(suffix)
        }
        return [latest[key] for key in sorted(latest)]

    def _make_directories(self, release_id: str, paths: Iterable[str]) -> None:
        folders = {posixpath.dirname(path) for path in paths} | {""}
        # Making one makes those above it.
        lowest = [
            each
            for each in folders
            if not any(other.startswith(f"{each}/" if each else "") for other in folders - {each})
        ]
        for folder in sorted(lowest):
            self._files.make(posixpath.join(self.release_path(release_id), folder).rstrip("/"))

    def _release(self, release_id: str) -> Release | None:
        try:
            release = read_manifest(self._read(release_id, MANIFEST))
        except DatabricksRefused as error:
            if error.status != 404:
                raise
            return None
        if release.id != release_id:
            raise FrameworkError(f"the manifest of release {release_id} is that of {release.id}")
        return release

    def _read(self, release_id: str, path: str) -> bytes:
        return self._files.read(f"{self.release_path(release_id)}/{path}")

    def _read_back(
        self,
        names: Sequence[str],
        at_once: int,
        enough: Enough,
        broken: Callable[[FrameworkError], object] | None = None,
    ) -> list[Deployment]:
        found = self._read_records(names[-at_once:], broken)
        while (names := names[:-at_once]) and not enough(found):
            found = self._read_records(names[-at_once:], broken) + found
        return found

    def _read_records(
        self, names: Iterable[str], broken: Callable[[FrameworkError], object] | None = None
    ) -> list[Deployment]:
        def read(name: str) -> Deployment | None:
            try:
                return self._deployment(name)
            except FrameworkError as error:
                is_silence = isinstance(error, DatabricksError) and not isinstance(error, DatabricksRefused)
                if broken is None or is_silence:
                    raise
                broken(error)
                return None

        return [each for each in _in_parallel(read, names) if each]

    def _deployment(self, name: str) -> Deployment:
        path = f"{self.root}/deployments/{name}"
        content = self._files.read(path)
        try:
            return Deployment.from_dict(json.loads(content))
        except ValueError:
            said = "it is not JSON"
        except FrameworkError as error:
            said = error.message
        hint = "Somebody changed it: mend it, or delete it if what is live does not depend on it."
        raise FrameworkError(f"{path} is not the record of a deployment: {said}", hint)


def _missing(contents: Mapping[str, bytes], there: Mapping[str, int | None]) -> list[str]:
    """Those of these files that are not there in full; a workspace tells no size of notebooks."""
    return [path for path, content in contents.items() if not _is_there(path, content, there)]


def _is_there(path: str, content: bytes, there: Mapping[str, int | None]) -> bool:
    name = path_of(path, content)
    return name in there and (is_notebook(path, content) or there[name] in (None, len(content)))


def _in_parallel(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """The results in the order of ``items``; after the first error nothing new is begun."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            return list(pool.map(work, items))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
