"""pyproject.toml and the lock beside it: read, never run, and never a traceback."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.core.errors import InvalidProject
from framework.spec.python_project import PythonProject, read_python_project
from framework.spec.requirements import read_requirements
from framework.spec.toml_places import place_of

TEXT = """\
[project]
name = "shop"

[project.scripts]
"count it" = "shop:count"
[tool.hatch]
build.hooks.custom = {}
[[tool.uv.index]]
url = "x"
"""
VALUES = st.recursive(
    st.none().map(lambda _: "1") | st.sampled_from(['"x"', '"1.0"', '"a>=1"', "true", "1.5", "1979-05-27", '"é\\n"']),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
    max_leaves=4,
)
KEYS = ("name", "version", "dynamic", "dependencies", "optional-dependencies", "scripts", "entry-points.x")


def project(root: Path, pyproject: str | bytes) -> Path:
    directory = root / "projects/shop"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "pyproject.toml").write_bytes(pyproject if isinstance(pyproject, bytes) else pyproject.encode())
    return directory


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("project", "name"), (2, 1)),
        (("project", "scripts"), (4, 1)),
        (("project", "scripts", "count it"), (5, 1)),
        (("tool", "hatch", "build", "hooks"), (7, 1)),
        (("tool", "uv", "index", "url"), (9, 1)),
        (("project", "version"), (1, 1)),
        (("nothing",), (1, 1)),
    ],
)
def test_a_key_has_a_place(path, place):
    assert place_of(TEXT, path) == place


@settings(max_examples=100, deadline=None)
@given(fields=st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_whatever_is_written_is_read_or_refused_at_its_place(fields, tmp_path_factory):
    root = tmp_path_factory.mktemp("checkout")
    directory = project(root, "[project]\n" + "".join(f"{key} = {value}\n" for key, value in fields.items()))

    try:
        package = read_python_project(directory, root)
    except InvalidProject as error:
        assert error.found
        assert all(each.location.file == "projects/shop/pyproject.toml" for each in error.found)
    else:
        assert all(line.isprintable() for line in (package.name, package.version, *package.dependencies))
        read_requirements(directory, root, package)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe", "this is not TOML"),
        (b"a = " + b"[" * 5000, "this is not TOML"),
        (b"#" * 60_000, "too large"),
        (b"project = 3", "it must be a table"),
    ],
)
def test_a_file_that_nobody_can_read_is_a_finding(content, said, tmp_path):
    with pytest.raises(InvalidProject, match=said):
        read_python_project(project(tmp_path, content), tmp_path)


def test_a_link_out_of_the_checkout_is_not_followed(tmp_path):
    (tmp_path / "elsewhere.toml").write_text('[project]\nname = "x"\nversion = "1"\n')
    directory = tmp_path / "checkout/projects/shop"
    directory.mkdir(parents=True)
    (directory / "pyproject.toml").symlink_to(tmp_path / "elsewhere.toml")

    with pytest.raises(InvalidProject, match="leads out of the checkout"):
        read_python_project(directory, tmp_path / "checkout")


def test_a_file_that_only_configures_tools_is_no_package(tmp_path):
    directory = project(tmp_path, "[tool.ruff]\nline-length = 100\n")

    assert read_python_project(directory, tmp_path) == PythonProject(name="shop")


def test_what_an_installer_knows_is_read(tmp_path):
    text = (
        '[project]\nname = "My.Shop"\nversion = "1.0.0"\ndescription = "Counts\\n things."\n'
        'requires-python = ">=3.11"\ndependencies = ["numpy >= 1.26"]\n'
        'optional-dependencies.plots = ["seaborn"]\nscripts.count = "shop:count"\n'
    )

    assert read_python_project(project(tmp_path, text), tmp_path) == PythonProject(
        name="My.Shop",
        version="1.0.0",
        summary="Counts things.",
        requires_python=">=3.11",
        dependencies=("numpy>=1.26",),
        optional_dependencies={"plots": ("seaborn",)},
        entry_points={"console_scripts": {"count": "shop:count"}},
    )


@pytest.mark.parametrize(
    "line",
    [
        "-f wheels",
        "-fwheels",
        "--find-links=./wheels",
        "--find-links file:///wheels",
        "--index-url file:///index",
        "-i /index",
        "-rother.txt",
        "demand @ file:///wheels/demand-1.0-py3-none-any.whl",
        "demand @ wheels/demand-1.0-py3-none-any.whl",
        "demand@git+file:///repositories/demand",
        "demand-1.0-py3-none-any.whl",
    ],
)
def test_what_only_this_machine_has_is_a_finding(line, tmp_path):
    directory = project(tmp_path, "")
    (directory / "requirements.lock").write_text(f"{line}\n")

    with pytest.raises(InvalidProject, match="is not there on a cluster"):
        read_requirements(directory, tmp_path, PythonProject(name="shop"))


@pytest.mark.parametrize(
    "line",
    [
        "-f https://packages.example.com/wheels",
        "--extra-index-url=${INDEX}",
        "--no-index",
        "demand[plots] @ https://example.com/demand-1.0-py3-none-any.whl",
        "demand @ git+https://example.com/demand@v1",
        "https://example.com/demand-1.0-py3-none-any.whl",
        "profile==1.0",
    ],
)
def test_what_has_an_address_is_taken(line, tmp_path):
    directory = project(tmp_path, "")
    (directory / "requirements.lock").write_text(f"{line}\n")

    assert read_requirements(directory, tmp_path, PythonProject(name="shop")).lines == (line,)
