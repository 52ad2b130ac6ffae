"""``framework dag``: the graph as text, Mermaid, SVG and a page.

The expected pictures stand in golden/dag/; look at them when they change (docs/how-to/see-the-graph.md).
"""

import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from framework.cli.app import app
from framework.console.graph.html import as_html
from framework.console.graph.layers import steps
from framework.console.graph.layout import layered
from framework.console.graph.mermaid import as_mermaid
from framework.console.graph.picture import Edge, Node, Picture
from framework.console.graph.svg import as_svg
from framework.console.graph.text import as_text
from framework.core.errors import UsageError

BRANCHES = """\
name: branches
tasks:
  - task_key: count
    notebook_task: {notebook_path: ./count}
  - task_key: is_new
    condition_task: {op: GREATER_THAN, left: "{{tasks.count.values.rows}}", right: "0"}
  - task_key: refresh
    depends_on: [{task_key: is_new, outcome: "true"}]
    kind: python
    entrypoint: shop.steps:refresh
    reads: {sales: raw.sales}
    writes: {rows: features.rows}
    params: {region: eu}
  - task_key: per_region
    depends_on: [{task_key: is_new, outcome: "false"}]
    for_each_task:
      inputs: '["eu", "us"]'
      task: {task_key: one, notebook_task: {notebook_path: ./region}}
  - task_key: other
    depends_on: [per_region]
    run_job_task: {job_id: "${resources.jobs.branches.id}"}
  - task_key: report
    depends_on: [other]
    run_if: NONE_FAILED
    databricks: {disabled: true}
    kind: python
    entrypoint: shop.steps:report
    reads: {rows: features.rows}
"""
CYCLE = """\
name: cycle
tasks:
  - {task_key: a, depends_on: [c, ghost], notebook_task: {notebook_path: ./a}}
  - {task_key: b, depends_on: [a], notebook_task: {notebook_path: ./a}}
  - {task_key: c, depends_on: [b, c], notebook_task: {notebook_path: ./a}}
  - {task_key: after, depends_on: [c], notebook_task: {notebook_path: ./a}}
"""
HOSTILE = "</title></dd>]]>\"'`;#{x}%%<script>alert(1)</script>&amp;-->\N{RIGHT-TO-LEFT OVERRIDE}\x1b[2J"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    project = tmp_path / "projects" / "shop"
    (project / "pipelines").mkdir(parents=True)
    (project / "project.yml").write_text("name: shop\n")
    for text in (BRANCHES, CYCLE):
        name = re.match(r"name: (\w+)", text)[1]
        (project / "pipelines" / f"{name}.yml").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def dag(*arguments: str):
    return CliRunner().invoke(app, ["dag", "shop", *arguments])


@pytest.mark.parametrize("suffix", ["txt", "mmd", "svg"])
@pytest.mark.parametrize("case", ["branches", "branches --data", "cycle"])
def test_the_picture(case, suffix, shop, assert_golden):
    file = shop / f"graph.{suffix}"

    dag("-o", str(file), "-p", *case.split())

    assert_golden(f"dag/{case.replace(' -', '')}.{suffix}", file.read_text())
    assert [path.name for path in shop.iterdir() if "graph" in path.name] == [file.name]


def test_a_graph_that_cannot_be_is_drawn_and_its_findings_are_told(shop):
    result = dag("-p", "cycle")

    assert result.exit_code == 1
    assert "✗ in a cycle" in result.stdout
    assert "Error: the tasks wait for each other: a → b → c → a" in result.stderr
    assert "'ghost', which does not exist" in result.stderr
    assert "\x1b" not in result.stdout


def test_a_format_is_named_or_follows_from_the_files_name(shop):
    named, html = dag("-p", "branches", "--format", "mermaid"), shop / "graph.html"
    dag("-p", "branches", "-o", str(html))

    assert named.stdout.startswith("flowchart LR\n")
    assert html.read_text().startswith("<!doctype html>")


def test_a_file_that_cannot_be_written_is_an_error(shop):
    result = dag("-p", "branches", "-o", "nowhere/graph.svg")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "cannot write nowhere/graph.svg: No such file or directory" in result.stderr


def test_a_file_that_nothing_here_draws_is_refused(shop):
    result = dag("-p", "branches", "-o", "graph.png")

    assert (result.exit_code, (shop / "graph.png").exists()) == (2, False)
    assert "no picture of the format 'png'" in result.stderr
    assert ".txt, .mmd, .svg, .html" in result.stderr


def test_the_policy_decides_what_is_wrong(shop):
    (shop / "projects/shop/src/shop").mkdir(parents=True)
    (shop / "projects/shop/src/shop/__main__.py").write_text("class C: ...\n")
    (shop / "conf").mkdir()
    without = dag("-p", "branches").stderr
    (shop / "conf/policy.yml").write_text("thin: {allow_classes: true}\n")
    with_one = dag("-p", "branches").stderr
    (shop / "conf/policy.yml").write_text("thinn: {}\n")
    broken = dag("-p", "branches")

    assert "class 'C' in a main module" in without
    assert "main module" not in with_one
    assert "unknown field 'thinn'" in broken.stderr
    assert "is_new" in broken.stdout


def test_a_page_says_of_a_task_what_the_pipeline_says(shop):
    file = shop / "graph.html"
    dag("-p", "branches", "-o", str(file))

    page = file.read_text()
    assert "<dt>params</dt><dd>{&quot;region&quot;: &quot;eu&quot;}</dd>" in page
    assert "<dt>after</dt><dd>is_new [true]</dd>" in page
    assert "://" not in page.replace("http://www.w3.org/2000/svg", "")


def test_the_documentation_shows_the_example_as_it_is(monkeypatch):
    root = Path(__file__).parents[2]
    monkeypatch.chdir(root)

    shown = CliRunner().invoke(app, ["dag", "example_demand_forecast", "--format", "mermaid"]).stdout

    assert f"```mermaid\n{shown}```\n" in (root / "docs/how-to/see-the-graph.md").read_text()


def hostile_picture() -> Picture:
    nodes = tuple(
        Node(key=f"{shape}{HOSTILE}", name=HOSTILE, shape=shape, headline=HOSTILE, remarks=(HOSTILE,), details=words)
        for shape in ("task", "condition", "loop", "job", "table", "model", "missing")
        for words in [((HOSTILE, HOSTILE),)]
    )
    edges = tuple(Edge(source=a.key, target=b.key, label=HOSTILE) for a, b in [*pairwise(nodes), (nodes[0], nodes[0])])
    return Picture(HOSTILE, nodes, edges)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        assert not [name for name, _ in attributes if name.startswith("on")]


def test_names_are_text_wherever_they_stand():
    page, picture = Tags(), hostile_picture()
    page.feed(as_html(picture))

    svg = ElementTree.fromstring(as_svg(picture).replace("\x1b", ""))
    texts = {text for element in svg.iter() for text in [element.text or ""] if HOSTILE.replace("\x1b", "") in text}
    assert page.seen.count("script") == 1
    assert texts
    assert not re.search(r"<(?!b>|/b>|br>)", as_mermaid(picture).split("\n", 3)[3])
    assert as_mermaid(picture).count("\n") == len(picture.nodes) + len(picture.edges) + 3


def test_a_pipelines_text_reaches_the_picture_without_control_characters(shop):
    pipeline = shop / "projects/shop/pipelines/branches.yml"
    pipeline.write_text(BRANCHES.replace('right: "0"', 'right: "\\e[2J\\u202e<b>"'))

    for picture in ("text", "mermaid", "svg", "html"):
        shown = dag("-p", "branches", "--format", picture).stdout
        assert not [character for character in shown if not character.isprintable() and character != "\n"]


def many(count: int) -> Picture:
    nodes = tuple(Node(key=f"t{n}", name=f"task_number_{n}", shape="task", headline="python") for n in range(count))
    edges = (Edge(source=f"t{n // 3}", target=f"t{n}", written=n % 2 == 0) for n in range(1, count))
    return Picture(
        "shop/many for local", nodes, (*edges, *(Edge(source="t0", target=f"t{n}") for n in range(9, count)))
    )


def test_sixty_tasks_are_readable_in_eighty_columns():
    lines = as_text(many(60)).plain.splitlines()

    assert max(map(len, lines)) <= 80
    assert len(lines) <= 60 * 3


def test_a_thousand_tasks_are_drawn():
    assert as_svg(many(1000)).count('class="node ') == 1000


graphs = st.integers(1, 12).flatmap(
    lambda count: st.tuples(
        st.just([str(n) for n in range(count)]),
        st.lists(st.tuples(*[st.integers(0, count - 1).map(str)] * 2), max_size=30),
    )
)


@given(graphs)
def test_a_layout_has_room_for_every_node_and_a_way_for_every_edge(graph):
    nodes, edges = graph
    heights = {node: 10.0 + len(node) for node in nodes}

    layout = layered(heights, edges, 5.0)

    assert sorted(node for layer in layout.layers for node in layer) == sorted(nodes)
    for layer in layout.layers:
        for above, below in pairwise(layer):
            room = layout.centres[below] - layout.centres[above] - (heights[above] + heights[below]) / 2
            assert room >= 5.0 - 1e-6
    layer_of = {node: number for number, layer in enumerate(layout.layers) for node in layer}
    for a, b in set(edges) - {(node, node) for node in nodes}:
        left, right = (b, a) if (a, b) in layout.reversed else (a, b)
        assert len(layout.bends[a, b]) == layer_of[right] - layer_of[left] - 1


@given(graphs)
def test_steps_put_a_task_after_all_that_it_waits_for(graph):
    nodes, edges = graph
    forward = [(a, b) for a, b in edges if int(a) < int(b)]

    step_of = {node: number for number, step in enumerate(steps(nodes, forward)) for node in step}

    assert set(step_of) == set(nodes)
    assert all(step_of[a] < step_of[b] for a, b in forward)


def tangle(count: int, each: int) -> Picture:
    nodes = [Node(key=f"t{i}", name=f"t{i}", shape="task", headline="x") for i in range(count)]
    edges = [Edge(source=f"t{j}", target=f"t{i}") for i in range(count) for j in range(max(0, i - each), i)]
    return Picture("shop/large for local", tuple(nodes), tuple(edges))


@pytest.mark.parametrize("draw", [as_svg, as_html, as_mermaid])
@pytest.mark.parametrize("picture", [tangle(100, 90), tangle(500, 5)], ids=["many", "some"])
def test_what_nobody_could_follow_is_not_drawn(draw, picture):
    if len(picture.edges) < 3_000:
        assert draw(picture)
        return
    with pytest.raises(UsageError, match=r"shop/large for local is too large to draw: 100 tasks, 4905 edges") as raised:
        draw(picture)
    assert "--format text" in raised.value.hint


def test_long_edges_are_as_many_lines_as_the_layers_that_they_cross():
    chain = tangle(600, 1)
    long = [Edge(source=f"t{i}", target="t599") for i in range(500)]

    with pytest.raises(UsageError, match="too large to draw"):
        as_svg(Picture(chain.title, chain.nodes, (*chain.edges, *long)))


def test_as_lines_everything_can_be_read():
    assert "← t88, t89" in as_text(tangle(100, 2)).plain
