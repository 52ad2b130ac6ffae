"""Rules about values that YAML reads as something else than they look like."""

from collections.abc import Iterator

from framework.check.finding import warning
from framework.core.diagnostics import Diagnostic
from framework.resolve.resolved import Origin, ResolvedPipeline
from framework.spec.yaml_scalars import SWITCHES

_TRUTH = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def misread_parameters(pipeline: ResolvedPipeline) -> Iterator[Diagnostic]:
    """A parameter that reaches the job as another text than was written, such as 1.10, or as no truth value: no."""
    for name, parameter in pipeline.parameters.items():
        path = ("parameters", name)
        origin = pipeline.origins.get(path) or Origin(pipeline.document, path)
        written, value = origin.places.written(origin.path), parameter.value
        if written in SWITCHES:
            hint = f'Write true or false, or put it in quotes if it is meant as text: "{written}"'
            summary = f"{written} is read as the text '{value}', not as {_TRUTH[written.lower()]}"
            yield warning(pipeline, path, summary, hint)
        elif written and written != value and written.lower() != value:
            hint = f'Put it in quotes if it is meant as text: "{written}". If it is meant as a number, write {value}.'
            yield warning(pipeline, path, f"{written} is read as the number {value}, not as the text '{written}'", hint)
