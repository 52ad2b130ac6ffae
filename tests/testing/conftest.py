import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config


@pytest.fixture
def client_of(fake_workspace, tmp_path, monkeypatch):
    """databricks-sdk as somebody, whatever the machine's own configuration says."""
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "none.cfg"))

    def client(name):
        token = fake_workspace.token_of(name)
        return WorkspaceClient(config=Config(host=fake_workspace.url, token=token, auth_type="pat"))

    return client


@pytest.fixture
def client(client_of):
    return client_of("admin@example.com")
