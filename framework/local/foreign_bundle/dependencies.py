"""Which of an environment's dependencies are paths, by the CLI's rules."""

import re

LOCAL_FLAGS = ("-r ", "-e ")
_FLAG = re.compile(r"(^|\s)--?[a-zA-Z0-9-]+([\s|=]|$)")
_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/|file://")
_VERSION = r"(\d+!)?\d+(\.\d+)*([-_.]?(a|b|rc)\d+)?([-_.]?post\d+)?([-_.]?dev\d+)?(\+[a-zA-Z0-9]+([-_.][a-zA-Z0-9]+)*)?"
_PACKAGE = re.compile(rf"[a-zA-Z0-9_-]+\s?(\[.*\])?\s?((==|!=|<=|>=|~=|>|<)\s?{_VERSION}(\.\*)?,?\s?)*")


def local_path(dependency: str) -> str:
    """The path that ``dependency`` is or that follows its ``-r`` or ``-e``; nothing for packages and addresses."""
    for flag in LOCAL_FLAGS:
        if dependency.startswith(flag):
            path = dependency.removeprefix(flag).strip()
            return "" if _REMOTE.match(path) else path
    if dependency.startswith((".", "/")):
        return dependency
    name, at, address = dependency.partition(" @ ")
    is_package = _PACKAGE.fullmatch(name) and (not at or _REMOTE.match(address))
    return (
        "" if is_package or _FLAG.search(dependency) or _REMOTE.match(dependency) or ";" in dependency else dependency
    )
