"""The tree of causes in a terminal, and as a picture."""

import io

from rich.console import Console

from framework.console.trace_mermaid import as_mermaid
from framework.console.trace_view import show_trace
from framework.trace.draft import Draft
from framework.trace.graph import Node

LONG = {f"metric_{number}": number / 7 for number in range(40)}


def graph():
    draft = Draft()
    draft.add(Node(id="p", kind="table", title="predictions v1", facts={"rows": 2}))
    draft.add(Node(id="a", kind="attempt", title='task "score" [x]', facts={"duration_s": 61.0, "metrics": LONG}))
    draft.add(Node(id="f", kind="table", title="features v0", problem="1 of its 1 files were vacuumed"))
    draft.add(Node(id="t", kind="attempt", title="task train", links={"log": "runs/1/stderr.log"}))
    for source, target, role in (
        ("p", "a", "written by"),
        ("a", "f", "reads"),
        ("a", "t", "uses"),
        ("t", "f", "reads"),
    ):
        draft.link(source, target, role)
    draft.link("t", "nowhere", "reads")
    return draft.graph("p", "up")


def shown(width=80):
    out = io.StringIO()
    show_trace(Console(file=out, width=width, soft_wrap=True, markup=False, highlight=False), graph())
    return out.getvalue()


def test_each_thing_is_shown_once_and_named_where_it_comes_again():
    text = shown()
    assert text.splitlines()[:2] == ["predictions v1", "rows: 2"]
    assert text.count("features v0") == 2
    assert text.count("1 of its 1 files were vacuumed") == 1
    assert "reads features v0 (see above)" in text
    assert "1 min 01 s" in text
    assert "log: runs/1/stderr.log" in text


def test_a_long_line_is_broken_not_cut():
    assert "metric_39=" in shown(60).replace("\n", "")


def test_a_picture_has_every_edge_once_and_no_marks_of_its_own_language():
    picture = as_mermaid(graph())
    assert picture.count("-->") == 4
    assert '    n0 -->|"written by"| n1' in picture
    assert "task #34;score#34; #91;x#93;" in picture
