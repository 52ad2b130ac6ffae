"""Tokens for service principals that come with a client id and secret: the secret is the token that they have here."""

import base64
import binascii
from urllib.parse import parse_qs

from framework.testing.fake_workspace.exchange import Json, Refused, Request
from framework.testing.fake_workspace.handler import Routes
from framework.testing.fake_workspace.state import State


def _endpoints(_state: State, request: Request) -> Json:
    root = f"{request.base_url}/oidc/v1"
    return {"issuer": root, "token_endpoint": f"{root}/token", "authorization_endpoint": f"{root}/authorize"}


def _token(state: State, request: Request) -> Json:
    form = {key: values[0] for key, values in parse_qs(request.body.decode()).items()}
    client, secret = _basic(request.headers.get("authorization", ""))
    client, secret = form.get("client_id", client), form.get("client_secret", secret)
    if form.get("grant_type") != "client_credentials" or state.tokens.get(secret) != client:
        raise Refused(401, "invalid_client", "Client authentication failed")
    return {"access_token": secret, "token_type": "Bearer", "expires_in": 3600, "scope": "all-apis"}


def _basic(header: str) -> tuple[str, str]:
    try:
        client, _, secret = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client, secret


ROUTES: Routes = {
    "GET /oidc/.well-known/oauth-authorization-server": _endpoints,
    "POST /oidc/v1/token": _token,
}
