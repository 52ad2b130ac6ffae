"""What the attempts of a job's tasks do: a task of a compiled job → the process that executes it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from framework.compile.bundle import RELEASE_PATH, Plan
from framework.compile.jobs import ENTRY_POINT, PACKAGE
from framework.compile.task_notebooks import FILE, is_notebook_of_ours
from framework.core.job_run import TaskOutcome
from framework.core.task_run import TaskError
from framework.local.job_graph import kind_of
from framework.local.paths import LocalPaths
from framework.local.protocol import ENTRYPOINT, AttemptSpec
from framework.local.references import Place, RunValues, Unfilled
from framework.local.runnable import Runnable
from framework.local.task_types.invocation import CALL, CALL_OF_OURS, Invocation
from framework.local.units import ChildRun, Unit
from framework.local.wheels import import_paths, zips_of
from framework.runtime import arguments


@dataclass(frozen=True, kw_only=True)
class CodeOfRun:
    """Where a run's code is: its release, the copy of the sources that it runs, where they came from, and their zip."""

    release: Path
    sources: Path
    originals: Path
    zip: Path

    def in_original_places(self, outcome: TaskOutcome) -> TaskOutcome:
        """``outcome`` with the files of an error as the user knows them."""
        if outcome.error is None:
            return outcome
        texts = {
            name: text.replace(str(self.sources), str(self.originals)) for name, text in vars(outcome.error).items()
        }
        return replace(outcome, error=TaskError(**texts))


@dataclass(frozen=True, kw_only=True)
class JobWork:
    """The work of one run of one job."""

    runnable: Runnable
    job_key: str
    job_run_id: int
    paths: LocalPaths
    code: CodeOfRun | None

    def kind(self, task: Any) -> str:
        """Ours by its own name, the others by that of their field."""
        plan = self.runnable.plan(self.job_key)
        ours = plan.tasks.get(str(task.task_key)) if plan and is_ours(task) else None
        return ours.kind if ours else kind_of(task)

    def known(self, outcome: TaskOutcome) -> TaskOutcome:
        """``outcome`` in the words of the user."""
        return self.code.in_original_places(outcome) if self.code else outcome

    def prepare(self, task: Any, unit: Unit, place: Place, values: RunValues) -> AttemptSpec | ChildRun:
        """One attempt, every reference filled in. Raises Unfilled."""
        if task.run_job_task:
            given = _filled(task.run_job_task.job_parameters, values, place)
            # The Jobs service pushes job parameters into key-value tasks, and they win.
            child = self.runnable.key_of(task.run_job_task.job_id)
            declared = {p.name for p in self.runnable.job(child).parameters}
            pushed = {name: value for name, value in values.parameters.items() if name in declared}
            return ChildRun(self.runnable.job_ids[child], {**given, **pushed})
        if self.code and is_ours(task):
            return self._our_attempt(task, unit, place, values, self.code)
        return self._native_attempt(task, unit, place, values)

    def _our_attempt(self, task: Any, unit: Unit, place: Place, values: RunValues, code: CodeOfRun) -> AttemptSpec:
        in_release = {name: str(text).replace(RELEASE_PATH, str(code.release)) for name, text in _told(task).items()}
        told = {**_filled(in_release, values, place), **values.parameters}
        argv, call = as_arguments(told), ENTRYPOINT
        if is_notebook_of_ours(task):
            made = self._invocation(task, unit, place, root=code.release, file=Path(FILE), parameters=told)
            argv, call = (made.to_json(),), CALL_OF_OURS
        return AttemptSpec(
            attempt_id=place.task_run_id,
            argv=argv,
            call=call,
            directory=self._directory(unit, place),
            cwd=self.paths.root,
            sys_path=(str(code.sources),),
            py_files=(str(code.zip),),
        )

    def _native_attempt(self, task: Any, unit: Unit, place: Place, values: RunValues) -> AttemptSpec:
        invocation = self._invocation(task, unit, place, root=self.runnable.root, **self._fields(task, place, values))
        wheels = import_paths(self.runnable, self.job_key, task, self.paths.run(self.job_run_id))
        return AttemptSpec(
            attempt_id=place.task_run_id,
            argv=(invocation.to_json(),),
            call=CALL,
            directory=self._directory(unit, place),
            cwd=self.runnable.files,
            sys_path=tuple(map(str, wheels)),
            py_files=tuple(map(str, zips_of(wheels))),
        )

    def _invocation(self, task: Any, unit: Unit, place: Place, **fields: Any) -> Invocation:
        return Invocation(
            task_type=kind_of(task),
            task_key=unit.task_key,
            job_id=str(self.runnable.job_ids.get(self.job_key, "")),
            job_run_id=str(self.job_run_id),
            task_run_id=place.task_run_id,
            attempt=place.execution_count,
            project=self.runnable.bundle.name,
            pipeline=self.job_key,
            target=self.runnable.bundle.target,
            task_values=self.paths.task_values(self.job_run_id),
            secrets=self.paths.secrets,
            **fields,
        )

    def _fields(self, task: Any, place: Place, values: RunValues) -> dict[str, Any]:
        """The fields of an Invocation that depend on the kind."""
        pushed = values.parameters
        if notebook := task.notebook_task:
            given = _filled(notebook.base_parameters, values, place)
            return {"file": self._file(notebook.notebook_path), "parameters": {**given, **pushed}}
        if sql := task.sql_task:
            if not sql.file:
                raise Unfilled(
                    "a local run has only the SQL files of the bundle, not saved queries, alerts or dashboards"
                )
            return {
                "file": self._file(sql.file.path),
                "parameters": {**_filled(sql.parameters, values, place), **pushed},
            }
        if script := task.spark_python_task:
            return {"file": self._file(script.python_file), "arguments": _each(script.parameters, values, place)}
        wheel = task.python_wheel_task
        named = {**_filled(wheel.named_parameters, values, place), **pushed} if wheel.named_parameters else {}
        return {
            "package_name": str(wheel.package_name),
            "entry_point": str(wheel.entry_point),
            "parameters": named,
            "arguments": _each(wheel.parameters, values, place),
        }

    def _file(self, path: object) -> Path:
        """A file of the bundle; a notebook may be named without its suffix."""
        file = (self.runnable.files / str(path)).resolve()
        candidates = [file, *(file.with_name(file.name + suffix) for suffix in (".py", ".ipynb", ".sql"))]
        found = next((each for each in candidates if each.is_file()), None)
        if found is None:
            raise Unfilled(f"there is no file {path} below {self.runnable.files}")
        return found

    def _directory(self, unit: Unit, place: Place) -> Path:
        return self.paths.attempt(self.job_run_id, str(unit), place.execution_count)


def is_ours(task: Any) -> bool:
    """Whether our runtime executes the task."""
    wheel = task.python_wheel_task
    return is_notebook_of_ours(task) or bool(
        wheel and (wheel.package_name, wheel.entry_point) == (PACKAGE, ENTRY_POINT)
    )


def check_arguments(tasks: Any, plan: Plan, values: RunValues) -> None:
    """Let the runtime read the arguments of our tasks before anything runs. Raises what it raises.

    What refers to something that only the run itself can tell is left out.
    """
    for task in tasks:
        if is_ours(task):
            named = {name: str(text) for name, text in _told(task).items()}
            place = Place(task_key=str(task.task_key), task_run_id="0")
            told = _fillable({**named, "framework.plan": "plan"}, values, place)
            given = arguments.parse(as_arguments({**told, **values.parameters}))
            template = plan.tasks[str(task.task_key)]
            known = {name: p for name, p in template.params.items() if name in given.parameters}
            arguments.convert_params(replace(template, params=known), given.parameters)


def _told(task: Any) -> Mapping[str, object]:
    """The parameters of a task of ours."""
    told: Mapping[str, object] = (
        task.notebook_task.base_parameters if task.notebook_task else task.python_wheel_task.named_parameters
    )
    return told


def as_arguments(named: Mapping[str, str]) -> tuple[str, ...]:
    """``--key=value`` for each, as the Jobs service writes them."""
    return tuple(f"--{name}={value}" for name, value in named.items())


def _filled(texts: Mapping[str, object], values: RunValues, place: Place) -> dict[str, str]:
    return {name: values.fill(str(text), place) for name, text in texts.items()}


def _each(texts: Any, values: RunValues, place: Place) -> tuple[str, ...]:
    return tuple(values.fill(str(text), place) for text in texts or ())


def _fillable(texts: Mapping[str, str], values: RunValues, place: Place) -> dict[str, str]:
    filled = {}
    for name, text in texts.items():
        try:
            filled[name] = values.fill(text, place)
        except Unfilled:
            continue
    return filled
