"""Whether what is deployed has somewhere to record its runs."""

from framework.core.ops_tables import OPS_TABLES
from framework.deploy.ops_install import Ops
from framework.deploy.preflight.check import Check, CheckState


def records_check(ops: Ops, project: str) -> Check:
    """A warning where the tables of run records are not: runs then leave no row until they are brought from the jobs.

    Raises DatabricksError when the workspace does not say.
    """
    schema = ops.schema(project)
    found = ops.columns(schema)
    lacking = [
        table.name for table in OPS_TABLES if {each.name for each in table.columns} - set(found.get(table.name, ()))
    ]
    if not lacking:
        return Check("run records", CheckState.OK, f"{schema} has the tables")
    what = "is not as this version makes it" if found else "has no tables of run records"
    advice = f"framework ops install -e {ops.target.name} --project {project}"
    return Check("run records", CheckState.WARNING, f"{schema} {what}, so runs are not recorded in full", advice)
