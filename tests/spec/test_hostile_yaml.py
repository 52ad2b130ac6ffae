"""Files made to hurt: each gets one clear answer, soon and in little memory."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from framework.core.errors import InvalidProject
from framework.spec.yaml_source import parse

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE: dict[str, tuple[str | bytes, str]] = {
    "alias bomb": (BOMB, "more than 100,000 values"),
    "long text repeated by aliases": (
        "a: &a '" + "x" * 900_000 + "'\nb: [" + "*a," * 30_000 + "]",
        "more than 100,000",
    ),
    "alias inside of its anchor": ("a: &a [*a]", "stands inside of what it names"),
    "alias of nothing": ("a: *b", "names no anchor"),
    "alias as key": ("a: &a x\n*a : 1", "a key must be text"),
    "mapping as key": ("? {a: 1}\n: 1", "a key must be text"),
    "many brackets": ("[" * 100_000, "nested deeper than 100 levels"),
    "many dashes": ("- " * 100_000, "nested deeper than 100 levels"),
    "many mappings": ("{a: " * 100_000, "nested deeper than 100 levels"),
    "many entries": ("[" + "a," * 499_000 + "]", "more than 10,000 entries"),
    "many keys": ("".join(f"k{i}: 1\n" for i in range(80_000)), "more than 10,000 entries"),
    "many values": ("- [" + "]\n- [".join(["a," * 9_000] * 50) + "]", "more than 100,000 values"),
    "2 MB": ("a: " + "x" * 2_000_000, "larger than 1,000,000 bytes"),
    "python object": ("a: !!python/object/apply:os.system [id]", "is refused"),
    "own tag": ("a: !secret x", "is refused"),
    "lone exclamation mark": ("a: ! x", "is refused"),
    "tag of a tag handle": ("%TAG ! tag:x,2000:\n---\na: !y x", "is refused"),
    "duplicate keys": ("a: 1\n" * 100_000, "duplicate key 'a'"),
    "merge key": ("a: &a {x: 1}\nb:\n  <<: *a", "merge key"),
    "two documents": ("a: 1\n---\nb: 1\n", "second document"),
    "UTF-16": ("a: 1\n".encode("utf-16"), "UTF-16"),
    "UTF-16 without a mark": ("a: 1\n".encode("utf-16-le"), "control character U+0000"),
    "UTF-32": ("a: 1\n".encode("utf-32-be"), "control character U+0000"),
    "Latin-1": (b"a: 1\nb: caf\xe9\n", "byte 0xe9 in line 2 is not UTF-8"),
    "cut UTF-8": ("a: é".encode()[:-1], "is not UTF-8"),
    "surrogate": (b"a: \xed\xa0\x80", "is not UTF-8"),
    "NUL": ("a: x\x00y", "control character U+0000"),
    "turned text": ("a: x\u202ey", "control character U+202E"),
    "escaped control character": ('a: "\\u001b[2J"', "control character U+001B"),
    "escaped surrogate": ('a: "\\ud800"', ""),
    "escape beyond Unicode": ('a: "\\UFFFFFFFF"', "not valid YAML"),
    "number of 900,000 digits": ("a: " + "9" * 900_000, "too large for a number"),
    "infinity": ("a: .inf", "not a finite number"),
    "unclosed quote over many lines": ('a: "' + "x\n " * 300_000, "unexpected end of stream"),
    "percent": ("%" * 900_000, "not valid YAML"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_gets_a_clear_answer_soon(tmp_path: Path, name: str) -> None:
    text, expected = HOSTILE[name]
    path = tmp_path / "file.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    started = time.process_time()
    with pytest.raises(InvalidProject) as raised:
        parse(path, "file.yml")
    assert time.process_time() - started < 1
    first = raised.value.found.items[0]
    assert expected in first.summary
    assert first.location is not None and first.location.file == "file.yml"
    assert len(str(first)) < 600 and "\x1b" not in str(first)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc for the peak memory")
def test_no_hostile_file_needs_much_memory(tmp_path: Path) -> None:
    for number, (text, _) in enumerate(HOSTILE.values()):
        (tmp_path / f"{number}.yml").write_bytes(text if isinstance(text, bytes) else text.encode())
    code = """
import sys
from pathlib import Path
from framework.core.errors import InvalidProject
from framework.spec.yaml_source import parse
for path in Path(sys.argv[1]).iterdir():
    try:
        parse(path, path.name)
    except InvalidProject:
        continue
    sys.exit(path.name)
# Not getrusage: its maximum goes on from the process that forked this one.
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
print(int(peak.split()[1]) // 1024)
"""
    result = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, timeout=60, check=True
    )
    assert int(result.stdout) < 200


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yml")
    (tmp_path / "loop.yml").symlink_to("loop.yml")
    for name, expected in {
        ".": "regular",
        "pipe.yml": "regular",
        "loop.yml": "cannot be read",
        "no.yml": "read",
    }.items():
        with pytest.raises(InvalidProject, match=expected):
            parse(tmp_path / name, name)
