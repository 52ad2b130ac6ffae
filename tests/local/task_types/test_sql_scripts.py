"""A text of SQL cut into statements, what each of them is for, and the values that are put into them."""

import pytest
from pyspark.sql.connect.functions import builtin

from framework.local.sql_parameters import bound, literal
from framework.local.task_types.catalogs.names import Namespace
from framework.local.task_types.catalogs.scripts import statements
from framework.local.task_types.catalogs.sql import mapped
from framework.local.task_types.sql_statements import Statement


@pytest.mark.parametrize(
    "every",
    [
        ["SELECT ';' -- a;b", "SELECT /* ; */ 2"],
        ["USE x", "BEGIN SELECT 1; SELECT 2; END", "SELECT 3"],
        ["DECLARE VARIABLE x INT", "BEGIN SET x = 1; END"],
        ["BEGIN IF a THEN SELECT 1; ELSE SELECT CASE WHEN b THEN 1 END; END IF; END", "SELECT 2"],
        ["BEGIN CASE x WHEN 1 THEN SELECT 1; ELSE BEGIN SELECT 2; END; END CASE; END", "SELECT 2"],
        ["BEGIN l: WHILE a < 3 DO SET a = a + 1; END WHILE l; REPEAT SELECT 1; UNTIL a END REPEAT; END", "SELECT 2"],
        ["l: BEGIN FOR r AS SELECT 1 DO LOOP LEAVE l; END LOOP; END FOR; END l", "SELECT 2"],
        ["BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN SELECT 1; END; SELECT 2; END", "SELECT 3"],
        ["CREATE OR REPLACE PROCEDURE p() LANGUAGE SQL AS BEGIN SELECT 1; END", "SELECT 2"],
        ["CREATE FUNCTION f() RETURNS INT LANGUAGE PYTHON AS $$\nx = 1; return 'it''s'\n$$", "SELECT 1"],
        ["BEGIN TRANSACTION", "INSERT INTO t VALUES (1)"],
        ["SELECT begin, end FROM t", "SELECT 2"],
    ],
)
def test_a_text_is_cut_between_its_statements_only(every):
    # A comment ends with its line.
    assert [sql for _, sql in statements("\n;".join(every) + "\n;")] == [sql.partition(" --")[0] for sql in every]


def test_a_catalog_that_a_script_makes_current_holds_for_what_comes_after():
    script = mapped(
        "BEGIN IF a THEN USE CATALOG main; END IF; SELECT * FROM s.t; GRANT SELECT ON t TO x; END", Namespace()
    )

    assert script.text == (
        "BEGIN IF a THEN USE spark_catalog.main__default; END IF; SELECT * FROM spark_catalog.main__s.t; "
        "SELECT 'not done locally' AS status WHERE false; END"
    )
    assert script.creates == (("spark_catalog", "main__default"),)


@pytest.mark.parametrize(
    "sql", ["select 1", "(SELECT 1)", "WITH x AS (SELECT insert('a', 1, 1, 'b')) FROM x", "SHOW TABLES"]
)
def test_a_question_is_there_for_its_rows(sql):
    assert Statement(sql, "a.sql", 1).asks


@pytest.mark.parametrize(
    "sql",
    [
        *("GRANT SELECT ON t TO x", "OPTIMIZE t", "VACUUM t", "ANALYZE TABLE t COMPUTE STATISTICS", "CALL p()"),
        *(
            "RESTORE TABLE t TO VERSION AS OF 1",
            "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
            "REFRESH TABLE t",
        ),
    ],
)
def test_a_statement_that_does_something_is_not(sql):
    assert not Statement(sql, "a.sql", 1).asks


def test_a_negative_value_after_a_minus_begins_no_comment():
    assert bound("SELECT 10-:x", {"x": "-5"}, []) == "SELECT 10- -5"


def test_a_value_is_cast_by_two_colons_as_any_other():
    assert bound("SELECT ?::INT, :x::INT", {"x": "'1'"}, ["'2'"]) == "SELECT '2'::INT, '1'::INT"


def test_a_list_is_an_array():
    assert literal(builtin.lit([1, 2])) == "ARRAY(1, 2)"
    assert literal(builtin.array(builtin.lit("it's"), builtin.lit("b"))) == "ARRAY('it\\'s', 'b')"
