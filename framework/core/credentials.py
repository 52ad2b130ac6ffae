"""What a credential looks like, and what names one: for finding it in a project's files, and hiding it in a log."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """A text that can be nothing else. ``mark`` is in each of them: to look for that first is fifty times as fast.

    Where ``pattern`` has a group ``secret``, only what is in that is secret, and there is none without it.
    """

    what: str
    mark: str
    pattern: re.Pattern[str]


_END = r"-----END [A-Z ]{0,40}PRIVATE KEY-----"
SHAPES = tuple(
    Shape(what, mark, re.compile(pattern))
    for what, mark, pattern in (
        ("a Databricks token", "dapi", r"\bdapi[0-9a-f]{32}(?:-[0-9]+)?\b"),
        ("a Databricks OAuth secret", "dose", r"\bdose[0-9a-f]{32}\b"),
        ("an AWS access key", "AKIA", r"\bAKIA[0-9A-Z]{16}\b"),
        ("an AWS access key", "ASIA", r"\bASIA[0-9A-Z]{16}\b"),
        ("a GitHub token", "gh", r"\bgh[pousr]_[A-Za-z0-9]{36}"),
        ("a GitHub token", "github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{40,}"),
        ("a Slack token", "xox", r"\bxox[abprs]-[A-Za-z0-9-]{20,}"),
        ("a Google API key", "AIza", r"\bAIza[0-9A-Za-z_-]{35}\b"),
        (
            "a private key",
            "PRIVATE KEY",
            rf"-----BEGIN [A-Z ]{{0,40}}PRIVATE KEY-----(?:[A-Za-z0-9+/=\s]|\\[nr])*+(?:{_END})?",
        ),
        # Without the group, what was looked at in vain is not looked at again.
        ("a signed web token", "eyJ", r"\beyJ[\w-]{10,}+(?:(?P<secret>\.eyJ[\w-]{10,}+\.[\w-]{10,}+)|)"),
        ("a storage account's key", "AccountKey=", r"\bAccountKey=(?P<secret>[A-Za-z0-9+/]{20,}=*)"),
        ("a storage account's key", "SharedAccessKey=", r"\bSharedAccessKey=(?P<secret>[A-Za-z0-9+/]{20,}=*)"),
        # Not what stands for one: {password}, ${password}, <password>, $PASSWORD, %s, ***.
        (
            "a connection string with a password",
            "://",
            r"(?<!models)://[^\s/:@'\"{}<$%*]{1,80}:(?!(?:pass(?:word|wd)?|pwd|secret|token|x+|\.+)@)"
            r"(?P<secret>[^\s/:@'\"{}<$%*]{1,200})@[\w\[]",
        ),
        (
            "a connection string with a password",
            "jdbc:",
            r"jdbc:(?:[^\s'\"]+?[?;&](?i:password|pwd)=(?P<secret>[^\s;&'\"{}<$%*]++)|[^\s'\"]*+)",
        ),
    )
)

SURE = r"(?:password|passwd|passphrase|pwd)"
WORD = rf"(?:{SURE}|secret|token|(?:access|account|api|private|secret)[_.-]?key|credentials?)"
NAME = re.compile(rf"(?:.*[_.\-]|.*[a-z](?=[A-Z]))?{WORD}|fs\.azure\.account\.key\..*", re.IGNORECASE)
"""Names of what is secret."""
SURE_NAME = re.compile(f".*{SURE}", re.IGNORECASE)
"""Names of what is nothing but that; many a column is called token."""
_KEYS = [f"{whose}{mark}key" for whose in ("access", "account", "api", "private", "secret") for mark in ("", *"_.-")]
WORDS = ("password", "passwd", "passphrase", "pwd", "secret", "token", "credential", *_KEYS)
"""One of these is in each such name, in small letters."""


def may_name_one(text: str) -> bool:
    """Whether it is worth a closer look for names."""
    lower = text.lower()
    return any(word in lower for word in WORDS)
