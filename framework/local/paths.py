"""Where a repository keeps its local state: everything under ``<root>/.framework``, which git ignores."""

from dataclasses import dataclass
from pathlib import Path

from framework.core.errors import LocalEngineError


@dataclass(frozen=True)
class LocalPaths:
    """The paths under the ``.framework`` of the repository at ``root`` (absolute)."""

    root: Path

    @property
    def state(self) -> Path:
        return self.root / ".framework"

    @property
    def warehouse(self) -> Path:
        return self.state / "warehouse"

    @property
    def mlflow_db(self) -> Path:
        return self.state / "mlflow" / "mlflow.db"

    @property
    def artifacts(self) -> Path:
        return self.state / "mlflow" / "artifacts"

    @property
    def engine_dir(self) -> Path:
        return self.state / "engine"

    @property
    def engine_lock(self) -> Path:
        return self.engine_dir / "lock"

    @property
    def engine_log(self) -> Path:
        return self.engine_dir / "spark.log"

    @property
    def spark_scratch(self) -> Path:
        return self.engine_dir / "scratch"

    @property
    def java(self) -> Path:
        return self.state / "java"

    @property
    def runs(self) -> Path:
        return self.state / "runs"

    @property
    def run_store(self) -> Path:
        return self.state / "runs.db"

    @property
    def secrets(self) -> Path:
        """``{scope: {key: value}}`` as JSON, for a person to write."""
        return self.state / "secrets.json"

    def task_values(self, job_run_id: int) -> Path:
        """Where the tasks of a run read what those before them have set."""
        return self.run(job_run_id) / "task_values"

    def owner(self, job_run_id: int) -> Path:
        """The file that whoever drives the run has locked."""
        return self.run(job_run_id) / "owner"

    def run(self, job_run_id: int) -> Path:
        """The directory of one job run."""
        return self.runs / str(job_run_id)

    def release(self, job_run_id: int, repair: int) -> Path:
        """Where the code of a run's repair (0: none) is; a repair leaves the earlier ones as they are."""
        own = self.run(job_run_id)
        return own / "repairs" / str(repair) if repair else own

    def attempt(self, job_run_id: int, task_key: str, attempt: int) -> Path:
        """The directory of one attempt's logs and record: ``task_key`` (``loop[3]`` in a loop), ``attempt`` from 1."""
        return self.run(job_run_id) / "tasks" / task_key / str(attempt)

    def create(self) -> None:
        """Make the directories that the engine needs. Raises LocalEngineError when the disk refuses."""
        try:
            # Nobody else's: the parameters of a run, and the variables of its bundle, are kept as they are.
            self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.warehouse, self.artifacts, self.spark_scratch, self.runs):
                folder.mkdir(parents=True, exist_ok=True)
            ignore = self.state / ".gitignore"
            if not ignore.exists() or not ignore.stat().st_size:
                ignore.write_text("*\n", encoding="utf-8")
        except OSError as error:
            raise LocalEngineError(
                f"cannot write the local state under {self.state}: {error.strerror or error}",
                hint="free some space or make the directory writable, then run again",
            ) from error
