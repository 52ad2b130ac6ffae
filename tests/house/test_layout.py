"""The top of the repository stays a table of contents."""

from pathlib import Path

FOLDERS = {".ci", ".github", "bench", "bundles", "changes", "conf", "docs", "framework", "projects", "tests"}
FILES = {
    ".gitignore",
    ".pre-commit-config.yaml",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "NOTICE",
    "README.md",
    "pyproject.toml",
    "requirements.lock",
}
NEEDED = {
    ".ci",
    "conf",
    "docs",
    "framework",
    "projects",
    "tests",
    "Makefile",
    "README.md",
    "pyproject.toml",
    "requirements.lock",
}
PROJECT = {"project.yml", "pipelines", "src", "tests"}


def test_the_top_level_holds_what_is_expected(repository_files: list[Path], root: Path) -> None:
    top = {path.relative_to(root).parts for path in repository_files}
    folders, files = {parts[0] for parts in top if len(parts) > 1}, {parts[0] for parts in top if len(parts) == 1}
    assert folders <= FOLDERS
    assert files <= FILES
    assert folders | files >= NEEDED


def test_every_project_has_the_same_shape(root: Path) -> None:
    projects = [path for path in (root / "projects").iterdir() if path.is_dir()]
    assert projects
    assert not {path.name: PROJECT - names(path) for path in projects if not names(path) >= PROJECT}


def test_a_room_exists_when_something_lives_in_it(repository_files: list[Path], root: Path) -> None:
    packages = {path.parent for path in repository_files if path.name == "__init__.py" and "framework" in path.parts}
    inhabited = {folder for path in repository_files if path.name != "__init__.py" for folder in path.parents}
    assert not {str(package.relative_to(root)) for package in packages - inhabited}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
