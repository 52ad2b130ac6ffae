"""``framework dag``: the task graph of a pipeline, also of one that ``validate`` refuses."""

import os
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.cli.errors import reporting_errors
from framework.cli.options import Pipeline, Var, pairs
from framework.core.errors import UsageError

if TYPE_CHECKING:
    from framework.console.graph.picture import Picture


class Format(StrEnum):
    """How the graph is drawn."""

    TEXT = "text"
    MERMAID = "mermaid"
    SVG = "svg"
    HTML = "html"


_BY_SUFFIX = {
    "": Format.TEXT, ".txt": Format.TEXT, ".mmd": Format.MERMAID, ".svg": Format.SVG, ".html": Format.HTML,
    ".htm": Format.HTML,
}  # fmt: skip


@reporting_errors
def dag(  # noqa: PLR0917 - typer makes an option of each
    project: Annotated[str | None, typer.Argument(help="The project; left out, the only one there is.")] = None,
    pipeline: Pipeline = None,
    target: Annotated[
        str, typer.Option("--env", "-e", "--target", "-t", help="The target that it is resolved for.")
    ] = "local",
    var: Var = None,
    data: Annotated[bool, typer.Option("--data", help="Show the tables and models between the tasks.")] = False,
    drawn_as: Annotated[
        Format | None, typer.Option("--format", "-f", help="Left out: what FILE's name ends with, else text.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write there instead of showing it.")
    ] = None,
) -> None:
    """Draw the tasks of a pipeline and what each waits for. What validate finds goes to stderr, errors in red."""
    from framework import phases
    from framework.console.findings import show_findings
    from framework.console.graph.picture import picture_of
    from framework.console.streams import stderr

    chosen = drawn_as or _format_of(output)
    selection = phases.Selection(
        directory=Path.cwd(), project=project, pipeline=pipeline, target=target, variables=pairs("--var", var)
    )
    resolved, found = phases.looked_at(selection)
    _show(picture_of(resolved, data=data), chosen, output)
    if found:
        show_findings(stderr(), found)
    if found.errors:
        raise typer.Exit(1)


def _format_of(output: Path | None) -> Format:
    """What the name of the file ends with. Raises UsageError for what nothing here draws."""
    suffix = output.suffix.lower() if output else ""
    if suffix not in _BY_SUFFIX:
        hint = f"A name that ends with {', '.join(filter(None, _BY_SUFFIX))} says it; for any other, add --format."
        raise UsageError(f"there is no picture of the format '{suffix.removeprefix('.')}'", hint)
    return _BY_SUFFIX[suffix]


def _show(picture: "Picture", drawn_as: Format, output: Path | None) -> None:
    from framework.console.graph.html import as_html
    from framework.console.graph.mermaid import as_mermaid
    from framework.console.graph.svg import as_svg
    from framework.console.graph.text import WIDTH, as_text
    from framework.console.streams import stdout

    if drawn_as is Format.TEXT and output is None:
        console = stdout()
        console.print(as_text(picture, min(WIDTH, console.width)))
        return
    if drawn_as is Format.TEXT:
        text = as_text(picture).plain + "\n"
    else:
        text = {Format.MERMAID: as_mermaid, Format.SVG: as_svg, Format.HTML: as_html}[drawn_as](picture)
    if output is None:
        typer.echo(text, nl=False)
    else:
        _write(text, output)


def _write(text: str, path: Path) -> None:
    """All of it or nothing: whoever looks at ``path`` meanwhile sees the old picture."""
    whole = Path(os.path.realpath(path))
    begun = whole.with_name(f".{whole.name}.{os.getpid()}")
    try:
        begun.write_text(text, encoding="utf-8")
        begun.replace(whole)
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror}", "Name a file in a directory that is there."
        ) from None
    finally:
        with suppress(OSError):
            begun.unlink(missing_ok=True)
