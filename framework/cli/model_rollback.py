"""``framework rollback --model``: aliases of models go back, with or without the code."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from framework.cli.deploy_options import agreed

if TYPE_CHECKING:
    from framework.deploy.ground import Ground
    from framework.deploy.models import PlannedMove, WantedMove

Model = Annotated[
    str | None,
    typer.Option("--model", metavar="VERSION", help="Move models too: previous, a version, or as-of-release."),
]
ModelName = Annotated[
    str | None, typer.Option("--model-name", help="Which model: catalog.schema.name; left out, each of the project.")
]
Alias = Annotated[str, typer.Option("--alias", help="The alias to move.")]


def planned_moves(ground: "Ground", asked: "WantedMove") -> "list[PlannedMove]":
    """What would be moved, shown to whoever asked. Raises UsageError, and FrameworkError for one that does not fit."""
    from framework.console.model_view import show_moves
    from framework.console.streams import stderr
    from framework.deploy.models import AS_OF_RELEASE, cannot_move
    from framework.deploy.models import planned_moves as planned
    from framework.deploy.rollback import way_back

    past = way_back(ground, asked.release) if asked.to == AS_OF_RELEASE else ground.past()
    moves = planned(ground.client, past, asked)
    show_moves(stderr(), moves)
    if wrong := [each for each in moves if each.misfits]:
        raise cannot_move(wrong[0])
    return moves


def agree_to(moves: "list[PlannedMove]") -> None:
    """Ask whether that is to be moved. Raises FrameworkError."""
    if wanted := [each for each in moves if each.changes]:
        agreed("Move that?" if len(wanted) == 1 else "Move these?")


def move_models(ground: "Ground", moves: "list[PlannedMove]") -> list[dict[str, Any]]:
    """Move what was planned; for machines, what that was."""
    from framework.deploy.alias_ledger import AliasLedger
    from framework.deploy.models import move

    ledger = AliasLedger(ground.client, ground.store.root)
    done = [move(ground.client, each, ledger, "rollback") for each in moves]
    return [change.as_dict() for change in done if change]
