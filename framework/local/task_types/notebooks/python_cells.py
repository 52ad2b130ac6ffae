"""Python cells: IPython's lines become Python or nothing, and everything is compiled for its own place in the file."""

import ast
import re
from types import CodeType

from framework.core.errors import FrameworkError
from framework.local.task_types.notebooks.cells import PythonCell, RawCell
from framework.local.task_types.notebooks.line_magics import NAME

_LINE_MAGIC = re.compile(
    r"(?P<indent>\s*)(?:(?P<target>[^\s=][^=]*)=\s*(?=[!%]))?(?:%%?(?P<name>[\w-]+)|!(?!=))\s*(?P<rest>.*)"
)
_PACKAGES = {"pip", "conda", "mamba", "uv"}
_IGNORED = {"matplotlib", "load_ext", "reload_ext", "unload_ext", "autoreload", "config", "pylab", "precision"}
_IGNORED |= {"restart_python", "set_cell_max_output_size_in_mb"}
_AROUND = {"time", "timeit", "capture"}


def compiled(raw: RawCell) -> PythonCell:
    """The cell as code. Raises FrameworkError, with its place, for what is neither Python nor a magic known here."""
    text = raw.text
    notes: tuple[str, ...] = ()
    try:
        tree = _parse(raw, text)
    except SyntaxError:
        text, notes = _without_magics(raw)
        try:
            tree = _parse(raw, text)
        except SyntaxError as error:
            line = f": {error.text.strip()}" if error.text else ""
            raise FrameworkError(
                f"{raw.file}:{error.lineno}: {error.msg}{line}", "nothing of it was executed"
            ) from None
    last = tree.body.pop() if _ends_in_expression(tree, text) else None
    shown = _code(ast.Expression(last.value), raw, "eval") if isinstance(last, ast.Expr) else None
    return PythonCell(_code(tree, raw, "exec"), shown, notes)


def _parse(raw: RawCell, text: str) -> ast.Module:
    # Blank lines in front give every node its real line.
    padded = "\n" * (raw.line - 1) + text
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree: ast.Module = compile(padded, raw.file, "exec", flags=flags, dont_inherit=True)
    return tree


def _code(tree: ast.Module | ast.Expression, raw: RawCell, mode: str) -> CodeType:
    code: CodeType = compile(tree, raw.file, mode, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    return code


def _ends_in_expression(tree: ast.Module, text: str) -> bool:
    return bool(tree.body) and isinstance(tree.body[-1], ast.Expr) and not text.rstrip().endswith(";")


def _without_magics(raw: RawCell) -> tuple[str, tuple[str, ...]]:
    lines, notes = raw.text.split("\n"), []
    for index, line in enumerate(lines):
        if not (found := _LINE_MAGIC.fullmatch(line)) or _goes_on("\n".join(lines[:index])):
            continue
        command = _taken_together(lines, index, found["rest"])
        code, note = _as_python(found["name"] or "", command, raw.place(index), found["target"])
        lines[index] = found["indent"] + code
        notes += [note] if note else []
    return "\n".join(lines), tuple(notes)


def _goes_on(before: str) -> bool:
    """Whether the line after ``before`` is inside of a string or of brackets, where there are no magics."""
    try:
        ast.parse(before)
    except SyntaxError as error:
        return "triple-quoted" in error.msg or "never closed" in error.msg
    return False


def _taken_together(lines: list[str], index: int, rest: str) -> str:
    """A command with its continuation lines, which become blank ones."""
    while rest.endswith("\\") and index + 1 < len(lines):
        index += 1
        rest, lines[index] = f"{rest[:-1].rstrip()} {lines[index].strip()}", ""
    return rest


def _as_python(name: str, command: str, place: str, target: str | None) -> tuple[str, str]:
    """The code instead of a magic, and what to say about it when the cell runs."""
    if target and name:
        raise FrameworkError(f"{place}: the value of %{name} is not available locally", "assign it in Python")
    if not name:
        return f"{target}= {NAME}.lines({command!r})" if target else f"{NAME}.shell({command!r})", ""
    if name == "cd" or (name in ("env", "set_env") and command):
        return f"{NAME}.{name.removeprefix('set_')}({command!r})", ""
    if name in _PACKAGES:
        return "pass", f"%{name} {command}: not done, a local run uses the local environment"
    if name in _IGNORED:
        return "pass", f"%{name}: ignored in a local run"
    if name in _AROUND:
        return command if name == "time" and command else "pass", f"%{name}: ignored in a local run"
    raise unknown(name, place)


def unknown(name: str, place: str) -> FrameworkError:
    """The error for a magic that a local run does not know."""
    return FrameworkError(
        f"{place}: %{name} cannot be run locally",
        "known are %python, %sql, %md, %sh, %run, %fs, %pip, %cd, %env and IPython's settings; nothing was executed",
    )
