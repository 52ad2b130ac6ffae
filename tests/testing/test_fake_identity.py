"""Who is who in the fake workspace."""

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.errors import NotFound, Unauthenticated
from databricks.sdk.service.iam import GrantRule, RuleSetUpdateRequest

from framework.testing.fake_workspace.api.identity import ACCOUNT_ID


def test_the_caller_knows_its_groups(fake_workspace, client_of):
    fake_workspace.add_user("ana@example.com", ["data-science"])

    me = client_of("ana@example.com").current_user.me()

    assert me.user_name == "ana@example.com"
    assert [group.display for group in me.groups] == ["data-science"]


def test_a_group_in_a_group_counts(fake_workspace, client_of):
    fake_workspace.add_user("ana@example.com", ["forecasting"])
    fake_workspace.add_group("data-science")
    fake_workspace.state.groups["data-science"]["members"].append("forecasting")

    me = client_of("ana@example.com").current_user.me()

    assert [group.display for group in me.groups] == ["data-science", "forecasting"]


def test_an_unknown_token_is_401(fake_workspace, client):
    stranger = WorkspaceClient(config=Config(host=fake_workspace.url, token="stolen", auth_type="pat"))

    with pytest.raises(Unauthenticated):
        stranger.current_user.me()


def test_principals_and_groups_are_found_by_filter_and_by_id(fake_workspace, client):
    fake_workspace.add_service_principal("app-1", ["deployers"])
    fake_workspace.add_service_principal("app-2")

    (found,) = client.service_principals.list(filter='applicationId eq "app-1"')
    (group,) = client.groups.list(filter='displayName eq "deployers"')

    assert client.service_principals.get(found.id).application_id == "app-1"
    assert [member.display for member in group.members] == ["app-1"]
    assert [user.user_name for user in client.users.list()] == ["admin@example.com"]
    with pytest.raises(NotFound):
        client.groups.get("0")


def test_a_service_principal_comes_with_client_id_and_secret(fake_workspace, client):
    secret = fake_workspace.add_service_principal("app-1")
    config = Config(host=fake_workspace.url, client_id="app-1", client_secret=secret, auth_type="oauth-m2m")

    assert WorkspaceClient(config=config).current_user.me().user_name == "app-1"


def test_who_may_use_a_service_principal_is_a_rule_set(fake_workspace, client):
    fake_workspace.add_user("ana@example.com")
    fake_workspace.add_service_principal("app-1", users=["ana@example.com"])
    name = f"accounts/{ACCOUNT_ID}/servicePrincipals/app-1/ruleSets/default"

    before = client.account_access_control_proxy.get_rule_set(name, etag="")
    client.account_access_control_proxy.update_rule_set(
        name,
        RuleSetUpdateRequest(
            name, before.etag, [GrantRule(role="roles/servicePrincipal.user", principals=["groups/data"])]
        ),
    )
    after = client.account_access_control_proxy.get_rule_set(name, etag="")

    assert before.grant_rules[0].principals == ["users/ana@example.com"]
    assert after.grant_rules[0].principals == ["groups/data"]
