"""``framework compile``: the bundles of every project and target, to be committed."""

import json
from pathlib import Path
from typing import Annotated

import typer

from framework.cli.errors import reporting_errors
from framework.cli.options import Output, OutputOption, Var, pairs


@reporting_errors
def compile_bundles(
    project: Annotated[str | None, typer.Argument(help="A project in projects/; left out, all of them.")] = None,
    target: Annotated[
        list[str] | None, typer.Option("--env", "-e", "--target", "-t", help="A target (repeatable); left out, all.")
    ] = None,
    var: Var = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when bundles/ is not what compiles now.")
    ] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Write bundles/PROJECT/TARGET: what is deployed, as files of the Databricks CLI. Errors are found first."""
    from framework import phases
    from framework.compile import committed
    from framework.console.compile_report import as_json, show_compared
    from framework.console.findings import show_findings
    from framework.console.streams import stderr, stdout
    from framework.core.garbage import kept
    from framework.spec.loader import find_root

    asked = phases.Asked(
        directory=Path.cwd(), project=project, targets=tuple(target or ()), variables=pairs("--var", var)
    )
    root = find_root(asked.directory)
    with kept():
        found, warnings = phases.compared(asked)
    gone = () if project or target else committed.left_over(root, found)
    if not check:
        for each in found:
            committed.write_compared(each)
        for directory in gone:
            committed.remove(directory)
    if output is Output.JSON:
        typer.echo(json.dumps(as_json(found, gone, warnings, root), indent=2))
    else:
        show_findings(stderr(), warnings)
        show_compared(stdout(), found, gone, root, check)
    if check and (gone or any(each.state != "unchanged" for each in found)):
        raise typer.Exit(1)
