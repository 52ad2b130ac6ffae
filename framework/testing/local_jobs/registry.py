"""Models in the local MLflow and in the fake workspace: runs use the one, commands the other, and both say the same.

``take`` and ``give`` run in the engine's processes, whose MLflow is that of the runs.
"""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from framework.testing.fake_workspace import State
from framework.testing.fake_workspace.api import model_versions, securables

TAKE, GIVE = f"{__name__}:take", f"{__name__}:give"
_RESULT = "models.json"


def of_state(state: State) -> dict[str, Any]:
    """What commands may have changed: of each model with versions its aliases, and what its versions say."""
    return {
        name: {
            "aliases": _aliases(state, name),
            "comments": {version: each.get("comment", "") for version, each in versions.items()},
        }
        for name, versions in state.model_versions.items()
        if versions and f"registered_model:{name}" in state.securables
    }


def into_state(state: State, told: Path, owner: str) -> None:
    """Let the workspace have the model that ``give`` has told of, as ``owner`` made it."""
    for name, model in json.loads((told / _RESULT).read_text(encoding="utf-8")).items():
        if f"registered_model:{name.lower()}" not in state.securables:
            securables.add_securable(state, "registered_model", name, owner)
        for number, fields in model["versions"].items():
            model_versions.put_version(state, name, int(number), owner, **fields)
        state.securables[f"registered_model:{name.lower()}"]["aliases"] = []
        for alias, number in model["aliases"].items():
            model_versions.set_alias(state, name, alias, int(number))


def take(argv: Sequence[str]) -> int:
    """Bring what ``of_state`` says into MLflow."""
    from mlflow import MlflowClient

    client = MlflowClient()
    for name, told in json.loads(argv[0]).items():
        known = {str(each.version): each for each in client.search_model_versions(f"name = '{name}'")}
        for version, comment in told["comments"].items():
            if version in known and (known[version].description or "") != comment:
                client.update_model_version(name, version, comment)
        if not known:
            continue
        now = {alias: str(number) for alias, number in client.get_registered_model(name).aliases.items()}
        for alias in now.keys() - told["aliases"].keys():
            client.delete_registered_model_alias(name, alias)
        for alias, version in told["aliases"].items():
            if version in known and now.get(alias) != version:
                client.set_registered_model_alias(name, alias, version)
    return 0


def give(argv: Sequence[str]) -> int:
    """Tell of the model ``argv[0]`` as MLflow has it."""
    from mlflow import MlflowClient

    client, name = MlflowClient(), argv[0]
    versions: Iterable[Any] = client.search_model_versions(f"name = '{name}'")
    told = {
        str(each.version): {
            "comment": each.description or "",
            "run_id": each.run_id or "",
            "source": each.source or "",
        }
        for each in versions
    }
    aliases = client.get_registered_model(name).aliases
    found = {name: {"versions": told, "aliases": {alias: str(number) for alias, number in aliases.items()}}}
    Path(os.environ["FRAMEWORK_OUTBOX"], _RESULT).write_text(json.dumps(found), encoding="utf-8")
    return 0


def _aliases(state: State, name: str) -> dict[str, str]:
    listed = state.securables[f"registered_model:{name}"].get("aliases", [])
    return {each["alias_name"]: str(each["version_num"]) for each in listed}
