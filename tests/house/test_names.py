"""Names that say something, and nothing in the repository that belongs to one machine, one registry or one person."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

VAGUE = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}

# Written in pieces: this file is read by its own rule.
REGISTRIES = [
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("repo1.maven", "org"),
    ("maven.apache", "org"),
    ("npmjs", "org"),
    ("crates", "io"),
    ("proxy.golang", "org"),
    ("conda.anaconda", "org"),
]
MACHINE_FOLDERS = ["work", "root", "tmp/lab"]
SECRETS = [
    r"dapi[0-9a-f]{32}",
    r"AKIA[0-9A-Z]{16}",
    r"gh[pousr]_[A-Za-z0-9]{36}",
    r"xox[abp]-[A-Za-z0-9-]{20,}",
    r"-----BEGIN [A-Z ]*PRIVATE" r" KEY-----",
    r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.",
    r"(?i:password|secret|token)[\"']?\s*[:=]\s*[\"'](?=[^\"']*\d)(?=[^\"']*[a-z])[A-Za-z0-9+/_-]{24,}[\"']",
]
HOST = r"\b(?:{})\b".format("|".join(re.escape(f"{name}.{suffix}") for name, suffix in REGISTRIES))
MACHINE = r"(?<![\w.~)}}>*/-])/(?:{})(?![\w.-])".format("|".join(MACHINE_FOLDERS))
SECRET = "|".join(SECRETS)


def test_no_module_has_a_vague_name(repository_files: list[Path], root: Path) -> None:
    modules = [path.relative_to(root) for path in repository_files if path.suffix == ".py"]
    assert not [str(path) for path in modules if VAGUE & {*path.parent.parts, path.stem}]


def test_no_package_registry_is_named(repository_files: list[Path]) -> None:
    assert not list(places(HOST, repository_files))


def test_no_path_belongs_to_one_machine(repository_files: list[Path]) -> None:
    assert not list(places(MACHINE, repository_files))


def test_no_secret_is_written_down(repository_files: list[Path]) -> None:
    assert not list(places(SECRET, repository_files))


@pytest.mark.parametrize(
    ("pattern", "pieces"),
    [
        (HOST, ["https://files.pythonhosted", ".org/simple"]),
        (MACHINE, ['open("', "/", 'root/.cache")']),
        (MACHINE, ["cd ", "/", "tmp/lab; make"]),
        (SECRET, ["dapi", "0123456789abcdef" * 2]),
        (SECRET, ["to", "ken: 'a1b2c3d4e5f6g7h8i9j0k1l2m3'"]),
    ],
)
def test_the_rules_catch(pattern: str, pieces: list[str], tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("fine\n" + "".join(pieces) + "\n")
    assert list(places(pattern, [tmp_path / "notes.md"])) == [f"{tmp_path / 'notes.md'}:2"]


def places(pattern: str, files: list[Path]) -> Iterator[str]:
    """Where the pattern occurs, as file:line, without the text: a secret must not reach the log of a test run."""
    wanted = re.compile(pattern)
    for path in files:
        content = path.read_bytes()
        if b"\0" in content:
            continue
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
            if wanted.search(line):
                yield f"{path}:{number}"
