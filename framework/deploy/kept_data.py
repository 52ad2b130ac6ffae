"""Why data stays when everything else of a project goes, and what goes along with a schema."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from framework.core.errors import DatabricksRefused
from framework.deploy.data_owners import Others, identity
from framework.deploy.model_aliases import aliases
from framework.deploy.plan_changes import DATA_KINDS
from framework.deploy.workspace import asking

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

_NOT_FOUND = 404


@dataclass(frozen=True, kw_only=True)
class KeptData:
    """What is known when data is to go: who made it (``makers``), and what ``others`` have, too."""

    client: "WorkspaceClient"
    makers: Mapping[str, str]
    others: Others

    def reasons(self, there: Mapping[str, str]) -> dict[str, str]:
        """Why some of ``there`` (name by key) stays, by key; what nobody can tell about does."""
        data = {key: name for key, name in there.items() if _kind(key) in DATA_KINDS}
        found: dict[str, str] = {}
        # What is in others first: whatever is deleted takes along what is in it.
        for key, name in sorted(data.items(), key=lambda each: -each[1].count(".")):
            inside = [data[other] for other in found if data[other].lower().startswith(f"{name}.".lower())]
            if why := self._reason(_kind(key), name) or (f"holds {', '.join(inside)}" if inside else ""):
                found[key] = why
        return found

    def _reason(self, kind: str, name: str) -> str:
        maker = self.makers.get(identity(kind, name))
        if not maker:
            return "nobody knows who made it" if maker is None else "was there before this project came"
        if theirs := self.others.having(kind, name):
            return f"also belongs to {', '.join(theirs)}"
        if self.others.unseen:
            return f"may belong to others, too: {', '.join(self.others.unseen)} cannot be read"
        try:
            creator = _creator(self.client, kind, name)
            if creator not in ("", maker):
                return f"was made by {creator}, and not by the deployment of {maker}"
            return _at_work(self.client, kind, name)
        except DatabricksRefused as error:
            # Gone already: somebody deleted it by hand.
            return "" if error.status == _NOT_FOUND else f"nobody can tell whose it is: {error.message}"


def contents(client: "WorkspaceClient", schema: str) -> Mapping[str, int]:
    """How much of what a schema holds, as far as the workspace tells: ``{"table": 3}``; nothing that it has none of."""
    catalog, name = schema.split(".")
    counts: dict[str, int] = {}
    lists: Mapping[str, Callable[..., Iterable[object]]] = {
        "table": client.tables.list,
        "volume": client.volumes.list,
        "model": client.registered_models.list,
    }
    for noun, those in lists.items():
        with asking(f"list what is in {schema}", f"USE SCHEMA on {schema}"):
            counts[noun] = len(list(those(catalog_name=catalog, schema_name=name)))
    return {noun: count for noun, count in counts.items() if count}


def _kind(key: str) -> str:
    return key.partition(".")[0]


def _at_work(client: "WorkspaceClient", kind: str, name: str) -> str:
    """A model with an alias is at work somewhere; deleting a schema deletes the models in it, whoever made them."""
    models = [name] if kind == "registered_models" else _models_in(client, name) if kind == "schemas" else []
    found = [f"{model} has the alias {', '.join(names)}" for model in models if (names := aliases(client, model))]
    return "; ".join(found)


def _models_in(client: "WorkspaceClient", schema: str) -> list[str]:
    catalog, name = schema.split(".")
    with asking(f"list the models in {schema}", f"USE SCHEMA on {schema}"):
        found = list(client.registered_models.list(catalog_name=catalog, schema_name=name))
    return [each.full_name or f"{schema}.{each.name}" for each in found]


def _creator(client: "WorkspaceClient", kind: str, name: str) -> str:
    """Who made it, where the workspace tells that."""
    look = _CREATORS.get(kind)
    if look is None:
        return ""
    with asking(f"see who made {name}"):
        return look(client, name) or ""


_CREATORS: Mapping[str, Callable[["WorkspaceClient", str], str | None]] = {
    "registered_models": lambda client, name: client.registered_models.get(name).created_by,
    "schemas": lambda client, name: client.schemas.get(name).created_by,
    "volumes": lambda client, name: client.volumes.read(name).created_by,
}
