"""Paths of a workspace in SQL: local folders where a path can stand, and text anywhere else."""

import pytest

from framework.core.errors import FrameworkError
from framework.local.task_types.catalogs.names import Namespace
from framework.local.task_types.catalogs.sql import mapped
from framework.local.task_types.files import LocalFiles


def text(sql, files):
    return mapped(sql, Namespace(), files.for_spark).text


@pytest.fixture
def files(tmp_path):
    return LocalFiles(tmp_path)


@pytest.mark.parametrize(
    ("statement", "path"),
    [
        ("SELECT * FROM parquet.`{}` AS p", "/Volumes/a/b/c"),
        ("CREATE TABLE delta.`{}` (id INT)", "dbfs:/Volumes/a/b/c"),
        ("CREATE TABLE t USING delta LOCATION '{}'", "/Volumes/a/b/c"),
        ("CREATE TABLE t USING csv OPTIONS (path '{}', header 'true')", "/Volumes/a/b/c"),
        ("CREATE TABLE t USING csv OPTIONS ('path' = '{}')", "/Volumes/a/b/c"),
        ("INSERT OVERWRITE DIRECTORY '{}' SELECT 1", "/Volumes/a/b/c"),
        ("VACUUM '{}'", "/Volumes/a/b/c"),
        ("DESCRIBE DETAIL '{}'", "/dbfs/Volumes/a/b/c"),
    ],
)
def test_a_path_of_a_workspace_is_a_local_folder(statement, path, files):
    assert text(statement.format(path), files) == statement.format(files.root / "Volumes/a/b/c")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM parquet.`/tmp/x`",
        "SELECT * FROM t WHERE path = '/Volumes/a/b/c'",
        "INSERT INTO t VALUES ('/Volumes/a/b/c')",
        "CREATE TABLE t USING delta LOCATION 'file:/tmp/x'",
    ],
)
def test_other_paths_and_values_stay(sql, files):
    assert text(sql, files) == sql


def test_a_mount_is_where_dbutils_sees_it(files):
    assert files.for_spark("/mnt/a") == str(files.local("/mnt/a"))


@pytest.mark.parametrize("path", ["s3://bucket/x", "abfss://c@account.dfs.core.windows.net/x"])
def test_cloud_storage_is_refused(path, files):
    with pytest.raises(FrameworkError, match="cloud storage, which a local run does not reach"):
        text(f"CREATE TABLE t USING delta LOCATION '{path}'", files)
