"""What IPython's lines do when a cell runs: ``!command``, ``names = !command``, ``%cd`` and ``%env``."""

import logging
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

NAME = "__line_magics__"
"""The name by which a notebook's code finds its LineMagics."""

_logger = logging.getLogger("framework.notebook")
# Not inside of single quotes: these hide a name from the shell too.
_DOLLAR = re.compile(r"\$(\$?)([A-Za-z_][\w.]*)(?=(?:[^']*'[^']*')*[^']*$)")


class LineMagics:
    """The lines of one notebook, whose variables are in ``namespace``."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace

    def shell(self, command: str) -> None:
        """``!command``: print what it says; its exit code does not count."""
        print(bash(self._expanded(command)).stdout, end="")

    def lines(self, command: str) -> list[str]:
        """``names = !command``: what it says, line by line."""
        return bash(self._expanded(command)).stdout.splitlines()

    def cd(self, folder: str) -> None:
        """``%cd folder``. Raises FileNotFoundError."""
        os.chdir(Path(self._expanded(folder).strip("'\"") or "~").expanduser())
        print(Path.cwd())

    def env(self, text: str) -> None:
        """``%env NAME=value`` or ``%env NAME value`` sets a variable of the environment, ``%env NAME`` shows it."""
        name, mark, value = text.partition("=" if "=" in text else " ")
        if mark:
            os.environ[name.strip()] = self._expanded(value.strip())
        else:
            print(os.environ.get(name, ""))

    def _expanded(self, text: str) -> str:
        """``text`` with the values of ``{expression}`` and ``$name``; as it is, when one of them has none."""
        in_braces = _DOLLAR.sub(lambda found: f"${found[2]}" if found[1] else f"{{{found[2]}}}", text)
        try:
            return "".join(self._pieces(in_braces))
        except Exception:
            return text

    def _pieces(self, text: str) -> Iterator[str]:
        formatter = Formatter()
        for literal, expression, style, conversion in formatter.parse(text):
            yield literal
            if expression is not None:
                value = eval(expression, self._namespace)  # noqa: S307  the notebook's own code
                yield format(formatter.convert_field(value, conversion), style or "")


def bash(script: str, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run a script in the current directory; what it says on stderr is logged."""
    command = ["bash", *options, "-c", script]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.stderr:
        _logger.warning("%s", done.stderr.rstrip())
    return done
