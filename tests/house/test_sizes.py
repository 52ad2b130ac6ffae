"""Small files and short functions, so that a reader finds the place and holds it in the head."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

FILE_LIMIT, FILE_MEDIAN = 300, 80
FUNCTION_LIMIT, FUNCTION_MEDIAN = 40, 8
TESTS_PER_SOURCE = 2.0


def test_no_file_is_long(source_files: list[Path]) -> None:
    assert not {str(path): lines(path) for path in source_files if lines(path) > FILE_LIMIT}


def test_most_files_are_short(source_files: list[Path]) -> None:
    assert median(lines(path) for path in source_files) <= FILE_MEDIAN


def test_no_function_is_long(source_files: list[Path]) -> None:
    assert not {place: length for place, length in functions(source_files) if length > FUNCTION_LIMIT}


def test_most_functions_are_short(source_files: list[Path]) -> None:
    assert median(length for _, length in functions(source_files)) <= FUNCTION_MEDIAN


def test_tests_stay_in_proportion(root: Path, source_files: list[Path]) -> None:
    tests = [*root.glob("tests/**/*.py"), *root.glob("projects/*/tests/**/*.py")]
    ratio = sum(map(lines, tests)) / sum(map(lines, source_files))
    assert ratio <= TESTS_PER_SOURCE, f"{ratio:.2f} lines of test per line of source"


def functions(files: list[Path]) -> Iterator[tuple[str, int]]:
    """Each function's place and length, its docstring and the functions inside it included."""
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                yield f"{path}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())
