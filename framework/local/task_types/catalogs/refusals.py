"""Statements about Unity Catalog itself: some are left out of a local run, the others refused."""

import re
from collections.abc import Sequence

from framework.core.errors import FrameworkError
from framework.local.task_types.catalogs import names
from framework.local.task_types.catalogs.names import Unmappable
from framework.local.task_types.catalogs.tokens import Token

_NOT_DONE = re.compile(
    r"(?:GRANT|REVOKE|DENY) "
    r"|ALTER .*(?:OWNER TO|SET TAGS|UNSET TAGS|(?:ENABLE|DISABLE|INHERIT) PREDICTIVE OPTIMIZATION) "
    r"|(?:CREATE|ALTER|DROP) (?:EXTERNAL )?VOLUME |COMMENT ON VOLUME "
)
_THINGS = "CATALOGS?|CONNECTIONS?|SHARES?|RECIPIENTS?|PROVIDERS?|MODELS?|EXTERNAL LOCATIONS?|(?:STORAGE )?CREDENTIALS?"
_REFUSED = re.compile(
    rf"(?:CREATE|ALTER|DROP|DESCRIBE|DESC|SHOW|COMMENT ON|UNDROP) (?:OR REPLACE )?(?:FOREIGN )?(?:{_THINGS}) "
    r"|SHOW (?:SCHEMAS|DATABASES) (?:IN|FROM) (?!SPARK_CATALOG )|SHOW (?:GRANTS?|VOLUMES) "
)
_FUNCTION = re.compile(
    r"(?:CREATE|DROP|DESCRIBE|DESC) (?:OR REPLACE )?FUNCTION (?:(?:IF|NOT|EXISTS|EXTENDED) )*(\S+) \. \S+ \. "
)
_ELSEWHERE = {
    "COPY INTO": "Spark has no COPY INTO; INSERT INTO … SELECT * FROM csv.`/Volumes/…` does the same",
    "EXECUTE IMMEDIATE": "the names in a text that is made at run time are not known; IDENTIFIER(…) is",
    "CREATE WIDGET": "in a Python cell, dbutils.widgets.text(name, default) makes it",
    "REMOVE WIDGET": "in a Python cell, dbutils.widgets.remove(name) does it",
}
_HINT = "a local run has one catalog, spark_catalog; leave this to a workspace, or guard it with a parameter of the job"


def is_not_done(every: Sequence[Token]) -> bool:
    """Whether the statement is about rights, tags or volumes, which a local run can do without."""
    return bool(_NOT_DONE.match(_words(every)))


def refuse(every: Sequence[Token]) -> None:
    """Raise Unmappable for a statement that has no local counterpart whatever its names are."""
    words = _words(every)
    if reason := _ELSEWHERE.get(" ".join(words.split()[:2])):
        raise Unmappable(reason)
    if found := _REFUSED.match(words):
        raise Unmappable(f"{found[0].strip()} is about Unity Catalog itself")
    if (found := _FUNCTION.match(words)) and found[1] != names.LOCAL.upper():
        raise Unmappable("it is about a function in another catalog")


def unmappable(reason: str, sql: str) -> FrameworkError:
    """The error for a statement that cannot be run locally, with its text."""
    text = " ".join(sql.split())
    return FrameworkError(
        f"this statement cannot be run locally, {reason}: {text if len(text) <= 300 else f'{text[:297]}…'}", _HINT
    )


def _words(every: Sequence[Token]) -> str:
    """The first tokens in upper case, a blank after each; strings left out."""
    return "".join(f"{'…' if token.kind == 'STRING' else token.value.upper()} " for token in every[:24])
