"""A checkout that compiles in a moment: pipelines of conditions, which need neither code nor compute."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from framework.check.checkout import checked
from framework.compile.bundle import Bundle
from framework.compile.jobs import bundle_of
from framework.spec.target_spec import deployed_targets

CONDITION = '  - {task_key: decide, condition_task: {left: "1", op: EQUAL_TO, right: "1"}}\n'


@pytest.fixture
def checkout(tmp_path) -> Callable[..., Path]:
    """Makes a project ``shop`` of pipelines by name, each with its tasks; and a target ``prod``."""

    def make(pipelines: Iterable[str] | dict[str, str], prod: str = "", project: str = "") -> Path:
        (tmp_path / "conf").mkdir(exist_ok=True)
        target = "host: https://prod.example.com\nmode: production\ncatalog: prod\n"
        (tmp_path / "conf/prod.yml").write_text(target + prod)
        (tmp_path / "projects/shop/pipelines").mkdir(parents=True, exist_ok=True)
        (tmp_path / "projects/shop/project.yml").write_text(f"name: shop\n{project}")
        for name in pipelines:
            tasks = pipelines[name] if isinstance(pipelines, dict) else CONDITION
            (tmp_path / f"projects/shop/pipelines/{name}.yml").write_text(f"name: {name}\ntasks:\n{tasks}")
        return tmp_path

    return make


@pytest.fixture
def bundles() -> Callable[[Path], list[Bundle]]:
    """Those of a checkout, for every target."""

    def compile_them(root: Path) -> list[Bundle]:
        sound, _ = checked(root, None, deployed_targets(root, ()))
        return [bundle_of(*pipelines) for pipelines in sound]

    return compile_them


@pytest.fixture
def bundle(bundles) -> Callable[..., Bundle]:
    """The only bundle of a checkout."""

    def compile_it(root: Path) -> Bundle:
        (made,) = bundles(root)
        return made

    return compile_it
