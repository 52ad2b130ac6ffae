"""What looks like a login stays out of messages, records and plans, whoever wrote it there."""

import os
import re
from collections.abc import Mapping

_SECRET = re.compile(r"(?i)\b(dapi[0-9a-f]{8,}\S*|dose[0-9a-f]{8,}\S*|bearer\s+\S+|eyJ[\w-]{8,}\.\S+)")
_SECRET_NAME = re.compile(
    r"(?i)token|secret|passw(or)?d|passphrase|credential|(api|access)key|(?<![a-z])(key|pat)(?![a-z])",
)
"""Words of a variable's name; the short ones only by themselves: PAT, and not PATH."""
_SHORTEST = 6


def without_secrets(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """``text`` without anything that looks like a token, or that the environment holds under such a name."""
    held = [value for name, value in environment.items() if len(value) >= _SHORTEST and _SECRET_NAME.search(name)]
    # One may begin with another: the longer one first.
    for value in sorted(held, key=len, reverse=True):
        text = text.replace(value, "***")
    return _SECRET.sub("***", text)
