"""Files become Delta tables: once per content, whole, or not at all."""

import os
import shutil
import uuid
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

from framework.core.errors import DataError, FrameworkError, InvalidProject, LocalEngineError, UsageError
from framework.local import sources
from framework.local.loading import needed
from framework.local.protocol import AttemptSpec
from framework.local.release import Release
from framework.local.runnable import Runnable
from framework.local.sources import Load
from framework.phases import Selection, compiled
from framework.records.run_values import StoredRun
from framework.resolve.pipeline import resolve
from framework.resolve.resolved import ResolvedSource
from framework.spec.loader import load

SHOP = Path(__file__).parents[1] / "e2e" / "shop"
SALES = pd.DataFrame({"product": ["tea", "jam"], "units": [3, 5]})
SAMPLES = """\
import pandas as pd

def good():
    return pd.DataFrame({"product": ["made up"], "units": [1]})

def raises():
    raise RuntimeError("no luck")

def a_list():
    return [1, 2]

def empty():
    return good().head(0)

def mixed():
    return pd.DataFrame({"units": [1, "two", object()]})
"""


@pytest.fixture(scope="module", autouse=True)
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    (folder / "some_samples.py").write_text(SAMPLES)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield


@pytest.fixture
def table():
    return f"spark_catalog.raw.t{uuid.uuid4().hex[:8]}"


@pytest.fixture
def put(tmp_path):
    """Write a file of the project, from text, bytes or a DataFrame."""

    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, pd.DataFrame):
            content.to_parquet(path)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def plan(tmp_path, table):
    """The Load of one path, and what the listener was told."""

    def planned(path, sample="", given=False):
        notes = []
        source = ResolvedSource(table=table, path=path, sample=sample, given=given, location=None)
        (one,) = sources.plan_loads([source], tmp_path, notes.append)
        return one, notes

    return planned


@pytest.fixture
def bring(spark, plan):
    """Load a path as a run does; returns the number of rows loaded."""
    return lambda path, sample="": sources.bring_up_to_date(spark, plan(path, sample)[0])


def refused(plan, path, **how):
    with pytest.raises(InvalidProject) as raised:
        plan(path, **how)
    (finding,) = raised.value.found
    return finding


# --- what is loaded


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("_a b%20#c:d?.parquet", SALES),
        ("h[1],{x}*.CSV", "\ufeffproduct,units\r\n\r\n\"tea\",3\r\njam,5\r\n"),
        ("sales.json", '{"product": "tea", "units": 3}\n{"product": "jam", "units": 5}\n'),
    ],
)  # fmt: skip
def test_a_file_of_any_name_becomes_a_table(bring, put, spark, table, name, content):
    assert bring(put(name, content)) == 2
    assert sorted(map(tuple, spark.table(table).select("product", "units").collect())) == [("jam", 5), ("tea", 3)]


def test_a_csv_keeps_quotes_commas_and_line_breaks_inside_of_values(bring, put, spark, table):
    bring(put("notes.csv", 'id,note\n1,"a ""good"" one, yes\nit is"\n2,\n'))

    assert sorted(map(tuple, spark.table(table).collect())) == [(1, 'a "good" one, yes\nit is'), (2, None)]


def test_partitions_are_columns(bring, put, spark, table, tmp_path):
    for day in (1, 2):
        put(f"sales.parquet/day={day}/part.parquet", SALES)
    put("sales.parquet/_SUCCESS", "")

    assert bring(tmp_path / "sales.parquet") == 4
    assert {row.day for row in spark.table(table).select("day").collect()} == {1, 2}


def test_a_file_is_loaded_once_and_again_when_it_changes(bring, put, spark, table):
    path = put("sales.parquet", SALES)

    assert [bring(path), bring(path)] == [2, 0]
    put("sales.parquet", SALES.head(1))
    assert bring(path) == 1
    assert spark.sql(f"describe history {table}").count() == 2


def test_the_name_of_a_partition_belongs_to_the_content(plan, put, tmp_path):
    put("sales.parquet/day=1/part.parquet", SALES)
    before = plan(tmp_path / "sales.parquet")[0].sha256
    (tmp_path / "sales.parquet/day=1").rename(tmp_path / "sales.parquet/day=2")

    assert plan(tmp_path / "sales.parquet")[0].sha256 != before


def test_a_file_that_changes_meanwhile_is_loaded_again_by_the_next_run(bring, plan, put, spark):
    path = put("sales.parquet", SALES)
    before = replace(plan(path)[0], sha256="0" * 64)

    with pytest.raises(DataError, match=r"sales\.parquet changed while it was being loaded"):
        sources.bring_up_to_date(spark, before)
    assert bring(path) == 2


def test_a_repair_has_the_files_of_its_run_and_misses_one_that_is_gone_when_its_table_changed(
    bring, plan, put, spark, tmp_path
):
    own = put("own.parquet", SALES)
    load, _ = plan(own)
    bring(own)
    default = ResolvedSource(
        table=load.table, path=tmp_path / "none.csv", sample="some_samples:good", given=False, location=None
    )
    assert sources.plan_again([load], [default], tmp_path, print) == (load,)
    own.unlink()
    (again,) = sources.plan_again([load], [default], tmp_path, print)

    assert sources.bring_up_to_date(spark, again) == 0
    bring(put("other.parquet", SALES.head(1)))
    with pytest.raises(DataError, match=r"own\.parquet is gone, and .* is not what was loaded from it"):
        sources.bring_up_to_date(spark, again)


def test_a_link_is_known_by_its_own_name(plan, put, tmp_path):
    (tmp_path / "sales.parquet").symlink_to(put("store/4711", SALES))

    assert plan(tmp_path / "sales.parquet")[0].path == str(tmp_path / "sales.parquet")


# --- what stands in for a missing file


def test_the_sample_is_used_with_a_warning_when_the_file_is_missing(bring, plan, spark, table, tmp_path):
    _, (note,) = plan(tmp_path / "sales.csv", "some_samples:good")

    assert note.warning and "there is no sales.csv, so a generated SAMPLE stands in" in note.message
    loaded = [bring(tmp_path / "sales.csv", "some_samples:good") for _ in range(2)]
    assert loaded == [1, 0] and spark.table(table).first().product == "made up"


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        ("some_samples:goood", "some_samples has no function 'goood'"),
        ("no_samples:good", "there is no module 'no_samples'"),
        ("some_samples:raises", "some_samples:raises raised RuntimeError: no luck"),
        ("some_samples:a_list", "some_samples:a_list returned a list, not a pandas DataFrame"),
        ("some_samples:empty", "some_samples:empty has no rows"),
        ("some_samples:mixed", "turning into a table what some_samples:mixed raised"),
    ],
)
def test_a_sample_that_fails_is_one_clear_message(bring, spark, table, tmp_path, sample, message):
    with pytest.raises(FrameworkError) as raised:
        bring(tmp_path / "sales.csv", sample)

    assert message in raised.value.message and "\n" not in raised.value.message
    assert not spark.catalog.tableExists(table)


# --- what is refused when the file is looked at


def test_a_path_given_on_the_command_line_has_to_exist(plan, tmp_path):
    finding = refused(plan, tmp_path / "nowhere.csv", given=True)

    assert finding.summary == f"there is no data file {tmp_path / 'nowhere.csv'}"
    assert finding.hint == "Check the path given with --source."


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("sales.xlsx", "x", "has a format that is not known"),
        ("sales.csv", "", "is empty"),
        ("sales.csv/_SUCCESS", "x", "is empty"),
        ("sales.csv/2011/part.csv", "a\n1\n", "Spark would pass over"),
    ],
)
def test_a_source_that_cannot_be_loaded_is_a_finding(plan, put, tmp_path, name, content, message):
    put(name, content)

    assert message in refused(plan, tmp_path / Path(name).parts[0], sample="some_samples:good").summary


def test_the_environment_says_where_a_file_is_and_no_message_shows_what_it_says(plan, put, tmp_path, monkeypatch):
    path = tmp_path / "${env:PLACE}/sales.csv"
    put("hush/sales.csv", "a\n1\n")
    monkeypatch.setenv("PLACE", "hush")
    load = plan(path)[0]
    put("hush/sales.csv", "")

    assert (load.path, load.shown_as) == (str(tmp_path / "hush/sales.csv"), "${env:PLACE}/sales.csv")
    assert refused(plan, path).summary == f"{path} is empty"


@pytest.mark.parametrize("value", ["/hush", "../hush", "a/../../hush"])
def test_the_environment_leads_to_no_file_outside_of_the_project(plan, tmp_path, monkeypatch, value):
    monkeypatch.setenv("PLACE", value)

    finding = refused(plan, tmp_path / "${env:PLACE}/sales.csv")

    assert "does not lie in the project" in finding.summary
    assert "hush" not in str(finding)


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_of_the_environment_has_to_be_set_when_it_is_needed(plan, tmp_path, table, monkeypatch, value):
    monkeypatch.setenv("PLACE", value or "")
    if value is None:
        monkeypatch.delenv("PLACE")

    finding = refused(plan, tmp_path / "${env:PLACE}/sales.csv")
    (load, notes) = plan(tmp_path / "${env:PLACE}/sales.csv", sample="some_samples:good")

    assert finding.summary == "environment variable 'PLACE' is not set"
    assert finding.hint == f"Set it, or name the file: --source {table.partition('.')[2]}=PATH"
    assert load.sample and "there is no ${env:PLACE}/sales.csv" in str(notes[0])


def test_a_name_that_is_too_long_is_a_finding(plan, tmp_path):
    assert "File name too long" in refused(plan, tmp_path / f"{'x' * 300}.csv").summary


def test_a_pipe_is_a_finding_and_nobody_waits_for_it(plan, tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")

    assert "pipe.csv is not a file" in refused(plan, tmp_path / "pipe.csv").summary


def test_a_file_that_one_may_not_read_is_a_finding(plan, put):
    path = put("sales.csv", "a\n1\n")
    path.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # root may read everything

    try:
        assert "sales.csv cannot be read: Permission denied" in refused(plan, path).summary
    finally:
        os.seteuid(user)


# --- what is refused when it is loaded

PARQUET = SALES.to_parquet()
DAMAGED = [
    pytest.param("sales.parquet", PARQUET[:-20], "Could not read footer", id="cut off"),
    pytest.param("sales.parquet", b"not at all like this", "Could not read footer", id="no parquet"),
    pytest.param(
        "sales.parquet", PARQUET[:4] + b"\xff" * 60 + PARQUET[64:], "reading file sales.parquet", id="overwritten"
    ),
    pytest.param("sales.parquet", SALES.head(0), "sales.parquet has no rows", id="no rows"),
    pytest.param("sales.csv", "product,units\n", "sales.csv has no rows", id="a header only"),
    pytest.param("sales.csv", "\n", "sales.csv has no rows", id="a blank line"),
    pytest.param("sales.csv", "Customer ID,n=\n1,2\n", "cannot have: 'Customer ID', 'n='", id="names"),
    pytest.param("sales.csv", "id,n,Id\n1,2,3\n", "sales.csv:1: the header repeats 'id', 'Id'", id="repeated"),
    pytest.param("sales.csv", ",n\n1,2\n", "sales.csv:1: column 1 has no name", id="no name"),
    pytest.param("sales.csv", "a,b\n1,2\n3\n", "sales.csv:3: 1 values for 2 columns", id="too few"),
    pytest.param("sales.csv", 'a,b\n1,"2\n2"\n3,4,5\n', "sales.csv:4: 3 values for 2 columns", id="too many"),
    pytest.param("sales.csv", 'a,b\n1,2\n3,"x\n5,y\n', "sales.csv:3: a quotation mark is not closed", id="open quote"),
    pytest.param("sales.csv", "a\ncafé\n".encode("latin-1"), "is not UTF-8: it has a byte 0xe9", id="latin-1"),
    pytest.param("sales.json", '[\n  {"a": 1},\n  {"a": 2}\n]\n', "Malformed records", id="pretty JSON"),
    pytest.param("sales.json", '{"a": 1}\n{"a":\n{"a": 3}\n', "Malformed records", id="damaged JSON"),
    pytest.param("sales.json", '{"a": "é"}'.encode("latin-1"), "Malformed records", id="latin-1 JSON"),
    pytest.param("sales.json", '{"a b": 1}', "cannot have: 'a b'", id="names in JSON"),
    pytest.param("sales.json", '{"o": {"a b": 1}}', "Found invalid character(s)", id="nested names"),
]


@pytest.mark.parametrize(("name", "content", "message"), DAMAGED)
def test_damage_is_one_clear_message_and_nothing_is_written(bring, put, spark, table, name, content, message):
    with pytest.raises(DataError) as raised:
        bring(put(name, content))

    assert message in raised.value.message
    assert "\n" not in raised.value.message and "framework-source" not in raised.value.message
    assert raised.value.hint
    assert not spark.catalog.tableExists(table)


def test_damage_leaves_the_table_of_before_and_a_mended_file_replaces_it(bring, put, spark, table):
    whole = pd.DataFrame({"n": range(100_000)}).astype(str).to_parquet(row_group_size=50_000)
    late = len(whole) * 7 // 10  # in the second half of the rows, which is read while the first is written
    damaged = whole[:late] + b"\xff" * 2000 + whole[late + 2000 :]
    for loaded in (SALES, whole):
        before = spark.table(table).count() if spark.catalog.tableExists(table) else None
        with pytest.raises(DataError, match=r"reading file sales\.parquet"):
            bring(put("sales.parquet", damaged))
        assert spark.catalog.tableExists(table) == (before is not None)
        assert before is None or spark.table(table).count() == before
        assert bring(put("sales.parquet", loaded)) == (2 if loaded is SALES else 100_000)


def test_files_of_one_table_have_one_header(bring, put, tmp_path):
    put("sales.csv/one.csv", "a,b\n1,2\n")
    put("sales.csv/two.csv", "b,a\n1,2\n")

    with pytest.raises(DataError, match=r"sales\.csv: two\.csv has another header than one\.csv"):
        bring(tmp_path / "sales.csv")


# --- what an attempt hands over


@pytest.fixture
def attempt(local_engine, tmp_path):
    """Load as a run does it: in a process of its own, whose result is then read."""

    def run(*loads):
        local_engine.start(
            AttemptSpec(
                attempt_id=uuid.uuid4().hex,
                argv=(sources.as_argument(loads),),
                call="framework.local.sources:main",
                directory=tmp_path / "attempt",
                cwd=tmp_path,
                sys_path=(str(Path(import_module("some_samples").__file__).parent),),
            )
        )
        while not local_engine.wait(None):
            pass
        return sources.read_result(tmp_path / "attempt")

    return run


def test_an_attempt_says_what_it_loaded(attempt, plan, put, table, tmp_path):
    one, _ = plan(put("sales.parquet", SALES))

    assert attempt(one) == [{"table": table, "rows": 2}]
    assert attempt(one) == []
    assert not list((tmp_path / "attempt").glob("*.tmp"))


def test_an_attempt_shows_the_lines_of_a_sample_that_raises(attempt, plan, tmp_path):
    with pytest.raises(DataError, match="no luck") as raised:
        attempt(plan(tmp_path / "none.csv", "some_samples:raises")[0])

    assert "in raises" in raised.value.hint and "project_code" not in raised.value.hint


@pytest.mark.parametrize("written", [None, '{"loaded": [{"tab', ""])
def test_an_attempt_that_died_names_its_log(tmp_path, written):
    if written is not None:
        (tmp_path / sources.RESULT_FILE).write_text(written)

    with pytest.raises(LocalEngineError, match=r"^loading the sources failed$") as raised:
        sources.read_result(tmp_path)
    assert raised.value.hint == f"See {tmp_path / 'stderr.log'}."


# --- which sources a pipeline has


@pytest.fixture
def shop(tmp_path):
    root = Path(shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns(".framework")))
    file = root / "projects/shop/project.yml"
    file.write_text(file.read_text() + "  raw.unread: {path: nowhere.csv}\n")
    return load(root, "shop", "demand", "local")


def test_a_source_that_no_task_reads_is_left_alone(shop):
    assert [source.table for source in resolve(shop).sources] == ["spark_catalog.raw.sales"]


def test_a_source_that_the_command_line_names_is_loaded_even_so(shop, tmp_path):
    named = resolve(shop, {"raw.unread": tmp_path / "mine.csv"}).sources

    assert [source.table for source in named] == ["spark_catalog.raw.sales", "spark_catalog.raw.unread"]


@pytest.mark.parametrize(
    ("tasks", "decided", "loaded"),
    [
        ({"features", "train"}, (), ["raw.sales", "raw.unread"]),
        ({"features", "train"}, ("features",), ["raw.unread"]),
        ({"train"}, (), ["raw.unread"]),
        ({"train", "native"}, (), ["raw.sales", "raw.unread"]),
    ],
)
def test_a_run_loads_what_the_tasks_read_that_it_runs_now(shop, tmp_path, tasks, decided, loaded):
    file = shop.root / "projects/shop/pipelines/demand.yml"
    file.with_name("a.py").touch()
    file.write_text(file.read_text() + "\n  - {task_key: native, spark_python_task: {python_file: a.py}}\n")
    bundle = compiled(Selection(directory=shop.root, source_files={"raw.unread": tmp_path / "a.csv"}), print).bundle
    loads = tuple(
        Load(table=f"spark_catalog.{name}", path="", sample="a:b", sha256="", shown_as="")
        for name in ("raw.sales", "raw.unread")
    )
    release = Release(Runnable(bundle=bundle, files=tmp_path, job_ids={"demand": 1}), loads, None)
    run = StoredRun(
        job="", project="shop", pipeline="demand", target="local", tasks=tuple(tasks), parameters={}, started_at="",
        source={"job_key": "demand"}, job_run_id=1, state="RUNNING",
    )  # fmt: skip

    assert [load.table.partition(".")[2] for load in needed(release, run, decided)] == loaded


def test_a_source_has_to_be_declared(shop, tmp_path):
    with pytest.raises(UsageError, match=r"declares no source 'raw\.unknown'"):
        resolve(shop, {"raw.unknown": tmp_path / "mine.csv"})
