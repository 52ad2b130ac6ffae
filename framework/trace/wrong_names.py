"""What is said of names of tables and models that are not there: what there is, and which one was probably meant.

Each answer is an error's message, and its hint.
"""

from framework.spec.suggestions import did_you_mean, listed
from framework.trace.sources import Models, Sources


def table(name: str, sources: Sources) -> tuple[str, str]:
    """There is no table ``name`` (in three parts)."""
    if labels := sources.models.labels(name):
        return f"there is no table {name}, but a model", f"One of: {listed([f'{name}{each}' for each in labels])}."
    near = did_you_mean(name, there := sources.tables.beside(name))
    known = f"There are {listed(there)}." if there else ""
    gone = "" if near else f"If it was dropped, the records may know a version: framework trace {name}@VERSION"
    return f"there is no table {name}{near}", f"{known} {gone}".strip()


def model(name: str, label: str, models: Models) -> tuple[str, str]:
    """The model ``name`` has no such alias or version (``label``), or there is no such model."""
    if labels := models.labels(name):
        return f"{name} has no {label}", f"It has {listed(labels)}: framework trace {name}{labels[0]}"
    if not (there := models.beside(name)):
        return f"{name} has no {label}", "The task that registers the model makes it: framework run."
    return f"there is no model {name}{did_you_mean(name, there)}, so it has no {label}", f"There are {listed(there)}."
