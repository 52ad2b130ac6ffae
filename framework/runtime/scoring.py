"""Scores a Spark DataFrame with an MLflow model on the workers: mapInPandas, so that it works over Spark Connect."""

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from framework.core.errors import DataError
from framework.runtime import spark_errors
from framework.runtime.predicates import quoted

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.pyfunc import PyFuncModel
    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import DataType, StructType

MIB = 1024**2
WARN_ABOVE = 100 * MIB
CONNECT_LIMIT = 127 * MIB
"""What one message to a Spark Connect server may hold, less room for the query that the model travels inside."""
CLASSIC_LIMIT = 1024 * MIB
"""What a Python worker of classic Spark is given at most."""

_AS_TEXT = ("long", "float", "double", "timestamp", "timestamp_ntz")
_NULL = "framework.null_input:"
_logger = logging.getLogger("framework.scoring")
_loaded: dict[str, Any] = {}


@dataclass(frozen=True)
class Scorer:
    """A model made ready to travel: pickled once, with its columns. ``key`` is its name in messages."""

    key: str
    pickled: bytes
    inputs: tuple[tuple[str, "DataType"], ...]
    outputs: tuple[tuple[str, "DataType"], ...]


def prepare(key: str, model: "PyFuncModel", spark: "SparkSession") -> tuple[Scorer, tuple[str, ...]]:
    """``model`` ready to travel, and remarks on its size. Raises DataError when it is too big or has no signature."""
    import cloudpickle

    signature = model.metadata.signature
    if signature is None or signature.inputs is None or signature.outputs is None:
        raise DataError(f"model {key} has no signature, so its columns are not known", "register it again with one")
    pickled = cloudpickle.dumps(model)
    notes = check_size(key, len(pickled), carrying_limit(spark))
    return Scorer(key, pickled, _inputs(key, signature.inputs), _outputs(key, signature.outputs)), notes


def carrying_limit(spark: "SparkSession") -> int:
    """How many bytes a query may carry to the workers."""
    return CONNECT_LIMIT if type(spark).__module__.startswith("pyspark.sql.connect") else CLASSIC_LIMIT


def check_size(key: str, size: int, limit: int) -> tuple[str, ...]:
    """Remarks on a model of ``size`` bytes. Raises DataError above ``limit``."""
    text = f"model {key} is {size / MIB:.0f} MiB when serialised"
    if size >= limit:
        raise DataError(f"{text}; the workers take less than {limit / MIB:.0f} MiB", "use a smaller model")
    if size > WARN_ABOVE:
        _logger.warning(text)
        return (f"{text}: scoring is slow to start, and a local run may need more FRAMEWORK_DRIVER_MEMORY",)
    return ()


def score(rows: "DataFrame", scorer: Scorer, columns: Sequence[str]) -> "DataFrame":
    """``columns`` of ``rows`` with the model's outputs added.

    What is only passed on comes back as it was. What pandas would change travels as text: it rounds whole numbers of
    64 bits beside a null, takes NaN for null, and has no timestamps beyond 2262.
    """
    from pyspark.sql import functions as F

    types = {field.name: field.dataType for field in rows.schema.fields}
    if missing := [name for name, _ in scorer.inputs if name not in types]:
        raise DataError(
            f"model {scorer.key} needs columns that the rows lack: {', '.join(missing)}",
            f"the rows have {', '.join(types)}",
        )
    kept = {f"kept_{i}": _packed(F.col(quoted(name)), types[name]) for i, name in enumerate(columns)}
    given = {f"input_{i}": F.col(quoted(name)).cast(kind) for i, (name, kind) in enumerate(scorer.inputs)}
    sent = rows.select(*[column.alias(name) for name, column in {**kept, **given}.items()])
    scored = sent.mapInPandas(_on_workers(scorer, list(kept)), _schema(scorer, [types[c] for c in columns]))
    back = [_unpacked(F.col(f"kept_{i}"), types[name]).alias(name) for i, name in enumerate(columns)]
    made = [_plain(F.col(f"output_{i}"), kind).alias(name) for i, (name, kind) in enumerate(scorer.outputs)]
    return scored.select(*back, *made)


def explain(error: BaseException, key: str) -> DataError | None:
    """Why the model could not score on the workers, when that is what ``error`` is about."""
    if (column := spark_errors.marked(error, _NULL)) is None:
        worker = spark_errors.worker_error(error)
        return DataError(f"model {key} cannot score these rows: {worker[1]}") if worker else None
    return DataError(
        f"model {key}: column '{column}' has empty values, and the model was trained on whole numbers there",
        "fill them, filter such rows with where, or give the column as double in the training's input_example",
    )


def _on_workers(scorer: Scorer, kept: list[str]) -> Callable[..., Iterator["pd.DataFrame"]]:
    key, pickled = hashlib.sha256(scorer.pickled).hexdigest(), scorer.pickled
    names, outputs = [name for name, _ in scorer.inputs], len(scorer.outputs)
    whole = [i for i, (_, kind) in enumerate(scorer.inputs) if kind.typeName() in ("integer", "long")]

    def predict(batches: Iterator["pd.DataFrame"]) -> Iterator["pd.DataFrame"]:
        model = _model(key, pickled)
        for batch in batches:
            rows = batch[[f"input_{i}" for i in range(len(names))]].set_axis(names, axis=1)
            _refuse_nulls(rows, [names[i] for i in whole])
            yield _with_outputs(batch[kept], model.predict(rows), outputs)

    return predict


def _model(key: str, pickled: bytes) -> Any:
    """Unpickled once per worker process; ``key`` is the digest, since a name may be given again to another model."""
    import pickle

    if key not in _loaded:
        _loaded.clear()
        _loaded[key] = pickle.loads(pickled)  # noqa: S301 - made by this run, from the registry's model
    return _loaded[key]


def _refuse_nulls(rows: "pd.DataFrame", whole: list[str]) -> None:
    import json

    for name in whole:
        if rows[name].isna().any():
            raise ValueError(_NULL + json.dumps(name))


def _with_outputs(kept: "pd.DataFrame", predicted: Any, outputs: int) -> "pd.DataFrame":
    import numpy as np
    import pandas as pd

    if isinstance(predicted, pd.DataFrame):
        arrays = [predicted.iloc[:, i].to_numpy() for i in range(outputs)]
    else:
        values = np.asarray(predicted).reshape(len(kept), outputs)
        arrays = [values[:, i] for i in range(outputs)]
    added = {f"output_{i}": array for i, array in enumerate(arrays)}
    return kept.assign(**added)


def _packed(column: "Column", kind: "DataType") -> "Column":
    from pyspark.sql import functions as F

    if kind.typeName() == "timestamp":
        return F.unix_micros(column).cast("string")  # as text it would lose its offset where the clocks are set back
    return column.cast(_carried(kind))


def _unpacked(column: "Column", kind: "DataType") -> "Column":
    from pyspark.sql import functions as F

    return F.timestamp_micros(column.cast("bigint")) if kind.typeName() == "timestamp" else _plain(column, kind)


def _plain(column: "Column", kind: "DataType") -> "Column":
    """``column`` as ``kind``, by its name: with the object, Spark Connect writes a collation into the table's schema.

    Other readers of Delta, such as delta-rs, cannot open a table whose columns are ``string collate UTF8_BINARY``.
    """
    name = kind.simpleString()
    return column.cast(kind if "struct" in name else name)


def _carried(kind: "DataType") -> "DataType":
    from pyspark.sql.types import StringType

    return StringType() if kind.typeName() in _AS_TEXT else kind


def _schema(scorer: Scorer, kept: Sequence["DataType"]) -> "StructType":
    from pyspark.sql.types import StructField, StructType

    fields = [StructField(f"kept_{i}", _carried(kind)) for i, kind in enumerate(kept)]
    return StructType(fields + [StructField(f"output_{i}", kind) for i, (_, kind) in enumerate(scorer.outputs)])


def _inputs(key: str, schema: Any) -> tuple[tuple[str, "DataType"], ...]:
    if schema.is_tensor_spec() or not schema.has_input_names():
        raise DataError(f"model {key} takes an array, not named columns", "train it on a pandas DataFrame")
    return tuple((column.name, _spark_type(key, column)) for column in schema.inputs)


def _outputs(key: str, schema: Any) -> tuple[tuple[str, "DataType"], ...]:
    if len(schema.inputs) == 1 and not schema.inputs[0].name:
        return (("prediction", _spark_type(key, schema.inputs[0])),)
    return tuple((column.name, _spark_type(key, column)) for column in schema.inputs)


def _spark_type(key: str, spec: Any) -> "DataType":
    from mlflow.types import DataType as ModelType
    from mlflow.types import TensorSpec

    if isinstance(spec, TensorSpec):
        return _array_type(key, spec)
    if not isinstance(spec.type, ModelType):
        raise DataError(f"model {key}: '{spec.name}' is a nested value, which cannot be a column", "flatten it")
    return spec.type.to_spark()


def _array_type(key: str, spec: Any) -> "DataType":
    from pyspark.sql import types as T

    kinds = {"f": T.DoubleType(), "i": T.LongType(), "u": T.LongType(), "b": T.BooleanType()}
    if len(spec.shape) > 1 and spec.shape[1] != 1:
        raise DataError(f"model {key} predicts {spec.shape[1]} unnamed values a row", "return a DataFrame with names")
    return kinds.get(spec.type.kind, T.StringType())
