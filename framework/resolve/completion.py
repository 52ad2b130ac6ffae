"""What a kind's options leave out because the pipeline already says it elsewhere."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from framework.runtime.kinds.evaluate import Evaluate
from framework.runtime.kinds.register_model import RegisterModel

Siblings = Mapping[str, Any]


def complete(options: Any, siblings: Siblings) -> Any:
    """``options`` with what follows from the options of the pipeline's other tasks, by task key."""
    return _COMPLETIONS.get(type(options), _nothing_missing)(options, siblings)


def _nothing_missing(options: Any, siblings: Siblings) -> Any:
    return options


def _evaluate(options: Evaluate, siblings: Siblings) -> Evaluate:
    model = next((o.model for o in siblings.values() if _registers(o, options.model_from)), None)
    return replace(
        options,
        model=options.model or model,
        experiment=options.experiment or _experiment_of(options.model_from, siblings),
    )


def _register_model(options: RegisterModel, siblings: Siblings) -> RegisterModel:
    gates = [k for k, o in siblings.items() if isinstance(o, Evaluate) and o.model_from == options.model_from]
    return replace(
        options,
        gates=options.gates or gates,
        experiment=options.experiment or _experiment_of(options.model_from, siblings),
    )


def _registers(options: Any, model_from: str) -> bool:
    return isinstance(options, RegisterModel) and options.model_from == model_from


def _experiment_of(task_key: str, siblings: Siblings) -> str | None:
    return getattr(siblings.get(task_key), "experiment", None)


_COMPLETIONS: dict[type, Callable[[Any, Siblings], Any]] = {Evaluate: _evaluate, RegisterModel: _register_model}
