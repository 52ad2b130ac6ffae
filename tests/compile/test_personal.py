"""Names that begin with a person's: only in development, in front of the schema, and once."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework.compile.personal import experiment_name, own_options, shared_tables
from framework.core.task_run import DEV_PREFIX
from framework.resolve.pipeline import resolve
from framework.runtime.kinds.python import Python
from framework.runtime.kinds.register_model import RegisterModel
from framework.runtime.kinds.train import Train
from framework.spec.loader import load
from framework.spec.references import references

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)


@pytest.fixture
def pipeline(checkout):
    """A pipeline for a target of that mode."""
    resolved = resolve(load(checkout(["daily"]), "shop", "daily", "prod"))

    def of(mode, *shared):
        return replace(resolved, workspace=replace(resolved.workspace, mode=mode, shared_schemas=shared))

    return of


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(catalog=NAMES, schema=NAMES, table=NAMES)
def test_every_table_and_model_is_the_persons_own(pipeline, catalog, schema, table):
    name = f"{catalog}.{schema}.{table}"
    tasks = (
        Python(entrypoint="shop.a:b", reads={"a": name}, writes={"c": name}),
        RegisterModel(model=name, model_from="train", gates=["evaluate"]),
    )
    for options in tasks:
        own = own_options(pipeline("development"), options)

        named = [text for _, reference, text in references(own) if reference.to in ("table", "model")]
        assert {text.replace(DEV_PREFIX, "ana_") for text in named} == {f"{catalog}.ana_{schema}.{table}"}
        assert own_options(pipeline("production"), options) is options


@pytest.mark.parametrize(
    ("name", "own"),
    [("/Workspace/shop/demand", "/Workspace/shop/ana_demand"), ("demand", "ana_demand"), ("/demand", "/ana_demand")],
)
def test_an_experiment_is_the_persons_own_in_the_same_folder(pipeline, name, own):
    options = own_options(pipeline("development"), Train(entrypoint="shop.a:b", experiment=name))

    assert options.experiment.replace(DEV_PREFIX, "ana_") == own == experiment_name(name, "ana_")


def test_schemas_are_shared_in_any_case_and_only_in_development(pipeline):
    options = Python(entrypoint="shop.a:b", reads={"a": "dev.Raw.sales", "b": "dev.features.x"}, writes="dev.raw.other")
    tasks = tuple(
        replace(task, kind="python", options=options, names=tuple(references(options)))
        for task in pipeline("development").tasks
    )

    in_development = replace(pipeline("development", "raw"), tasks=tasks)

    assert shared_tables(in_development) == {f"dev.{DEV_PREFIX}Raw.sales": "dev.Raw.sales"}
    assert shared_tables(replace(pipeline("production", "raw"), tasks=tasks)) == {}
