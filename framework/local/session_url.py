"""How a Spark Connect session of the engine is addressed."""

USER = "framework"
"""Spark Connect knows a session by its user and its id."""


def remote_url(port: int, token: str, session_id: str) -> str:
    """The URL of a session. Only on ``localhost`` does a token not demand TLS."""
    return f"sc://localhost:{port}/;token={token};user_id={USER};session_id={session_id}"
