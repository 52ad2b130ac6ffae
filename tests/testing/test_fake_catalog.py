"""Unity Catalog, MLflow, warehouses and secrets of the fake workspace."""

import pytest
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied, ResourceAlreadyExists
from databricks.sdk.service import catalog


@pytest.fixture
def schema(client):
    return client.schemas.create(name="Features", catalog_name="dev", comment="As written")


def test_names_become_lower_case(schema, client):
    assert schema.full_name == "dev.features"
    assert client.schemas.get("DEV.Features").comment == "As written"


def test_a_second_one_of_the_same_name_is_refused(schema, client):
    with pytest.raises(BadRequest, match="already exists"):
        client.schemas.create(name="features", catalog_name="dev")
    with pytest.raises(NotFound, match="Catalog 'nowhere' does not exist"):
        client.schemas.create(name="features", catalog_name="nowhere")


def test_a_schema_with_something_in_it_is_deleted_only_by_force(schema, client):
    client.volumes.create("dev", "features", "files", catalog.VolumeType.MANAGED)

    with pytest.raises(BadRequest, match="not empty"):
        client.schemas.delete("dev.features")
    client.schemas.delete("dev.features", force=True)

    with pytest.raises(NotFound):
        client.volumes.read("dev.features.files")


def test_lists_are_of_one_schema(schema, client, fake_workspace):
    fake_workspace.add_securable("table", "dev.features.weekly")
    fake_workspace.add_securable("schema", "dev.raw")
    fake_workspace.add_securable("table", "dev.raw.sales")

    assert [each.full_name for each in client.tables.list("dev", "raw")] == ["dev.raw.sales"]
    assert [each.name for each in client.schemas.list("dev")] == ["features", "raw"]
    assert client.tables.exists("dev.raw.sales").table_exists
    assert not client.tables.exists("dev.raw.other").table_exists


def test_a_volume_can_be_renamed(schema, client):
    client.volumes.create("dev", "features", "files", catalog.VolumeType.MANAGED)

    client.volumes.update("dev.features.files", new_name="documents", comment="Renamed")

    assert client.volumes.read("dev.features.documents").comment == "Renamed"


def test_a_privilege_is_needed_on_every_level(client_of, client, fake_workspace, schema):
    fake_workspace.add_user("ana@example.com", ["data"])
    ana = client_of("ana@example.com")

    def create():
        return ana.registered_models.create(catalog_name="dev", schema_name="features", name="demand")

    with pytest.raises(PermissionDenied, match="USE SCHEMA"):
        create()
    fake_workspace.grant("catalog:dev", "data", "USE_CATALOG", "USE_SCHEMA")
    with pytest.raises(PermissionDenied, match="CREATE MODEL"):
        create()
    fake_workspace.grant("schema:dev.features", "data", "CREATE_MODEL")

    assert create().owner == "ana@example.com"


def test_grants_are_changed_one_by_one_and_in_effect_below(client, schema, fake_workspace):
    fake_workspace.add_group("data")
    client.grants.update(
        "catalog",
        "dev",
        changes=[catalog.PermissionsChange(principal="data", add=[catalog.Privilege.USE_CATALOG])],
    )
    client.grants.update(
        "schema",
        "dev.features",
        changes=[catalog.PermissionsChange(principal="data", add=[catalog.Privilege.SELECT])],
    )

    (given,) = client.grants.get("schema", "dev.features").privilege_assignments
    (in_effect,) = client.grants.get_effective("schema", "dev.features", principal="data").privilege_assignments

    assert given.privileges == [catalog.Privilege.SELECT]
    assert [(each.privilege.value, each.inherited_from_name) for each in in_effect.privileges] == [
        ("SELECT", None),
        ("USE_CATALOG", "dev"),
    ]


def test_removing_all_privileges_removes_each(client, schema, fake_workspace):
    fake_workspace.add_group("data")
    fake_workspace.grant("schema:dev.features", "data", "SELECT", "MODIFY")

    client.grants.update(
        "schema",
        "dev.features",
        changes=[catalog.PermissionsChange(principal="data", remove=[catalog.Privilege.ALL_PRIVILEGES])],
    )

    assert not client.grants.get("schema", "dev.features").privilege_assignments
    with pytest.raises(NotFound, match="nobody"):
        client.grants.update(
            "schema",
            "dev.features",
            changes=[catalog.PermissionsChange(principal="nobody", add=[catalog.Privilege.SELECT])],
        )


def test_who_does_not_own_sees_only_what_concerns_them(client_of, schema, fake_workspace):
    fake_workspace.add_user("ana@example.com", ["data"])
    fake_workspace.add_group("finance")
    fake_workspace.grant("schema:dev.features", "data", "SELECT")
    fake_workspace.grant("schema:dev.features", "finance", "MODIFY")
    ana = client_of("ana@example.com")

    seen = ana.grants.get_effective("schema", "dev.features").privilege_assignments

    assert [each.principal for each in seen] == ["data"]
    with pytest.raises(PermissionDenied):
        ana.grants.get_effective("schema", "dev.features", principal="finance")


def test_models_have_versions_and_aliases(client, schema, fake_workspace):
    client.registered_models.create(catalog_name="dev", schema_name="features", name="demand")
    first = fake_workspace.add_model_version("dev.features.demand", aliases=["champion"])
    second = fake_workspace.add_model_version("dev.features.demand", run_id="r2")

    client.registered_models.set_alias("dev.features.demand", "champion", second)

    assert client.model_versions.get_by_alias("dev.features.demand", "champion").run_id == "r2"
    assert [each.version for each in client.model_versions.list("dev.features.demand")] == [second, first]
    client.model_versions.delete("dev.features.demand", second)
    with pytest.raises(NotFound):
        client.model_versions.get_by_alias("dev.features.demand", "champion")
    with pytest.raises(NotFound):
        client.registered_models.set_alias("dev.features.demand", "champion", 7)


def test_a_monitor_belongs_to_a_table(client, schema, fake_workspace):
    fake_workspace.add_securable("table", "dev.features.weekly")
    made = client.quality_monitors.create(
        "dev.features.weekly",
        assets_dir="/Shared/monitors",
        output_schema_name="dev.features",
        snapshot=catalog.MonitorSnapshot(),
    )

    assert made.drift_metrics_table_name == "dev.features.weekly_drift_metrics"
    assert client.quality_monitors.get("dev.features.weekly").assets_dir == "/Shared/monitors"
    client.quality_monitors.delete("dev.features.weekly")
    with pytest.raises(NotFound):
        client.quality_monitors.get("dev.features.weekly")


def test_an_experiment_is_a_workspace_object(client):
    experiment_id = client.experiments.create_experiment("/Workspace/Shared/demand").experiment_id

    assert client.experiments.get_by_name("/Shared/demand").experiment.experiment_id == experiment_id
    assert client.workspace.get_status("/Shared/demand").object_id == int(experiment_id)
    client.experiments.update_experiment(experiment_id, new_name="/Shared/sales")
    assert client.experiments.get_experiment(experiment_id).experiment.name == "/Shared/sales"
    with pytest.raises(ResourceAlreadyExists):
        client.experiments.create_experiment("/Shared/sales")
    with pytest.raises(NotFound, match="directory"):
        client.experiments.create_experiment("/Shared/no/such/demand")
    client.experiments.delete_experiment(experiment_id)
    with pytest.raises(NotFound):
        client.experiments.get_experiment(experiment_id)


def test_the_registry_of_the_workspace(client):
    client.model_registry.create_model("demand", description="Old style")

    assert client.model_registry.get_model("demand").registered_model_databricks.description == "Old style"
    client.model_registry.delete_model("demand")
    with pytest.raises(NotFound):
        client.model_registry.get_model("demand")


def test_a_warehouse_takes_statements(client, fake_workspace):
    done = client.statement_execution.execute_statement(warehouse_id="fake", statement="select 1")

    assert done.status.state.value == "SUCCEEDED"
    assert [each["statement"] for each in fake_workspace.state.statements.values()] == ["select 1"]
    assert [each.id for each in client.warehouses.list()] == ["fake"]


def test_secrets_are_names_only(client, fake_workspace):
    fake_workspace.state.secret_scopes["team"] = ["password"]

    assert [scope.name for scope in client.secrets.list_scopes()] == ["team"]
    assert [each.key for each in client.secrets.list_secrets("team")] == ["password"]
    with pytest.raises(NotFound):
        list(client.secrets.list_secrets("other"))
