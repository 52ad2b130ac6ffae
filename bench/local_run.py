"""What the framework costs: the demand forecast as one plain PySpark script, and as a pipeline, on the same data.

Fair because both call the same functions of the example, start their own JVM, write the same Delta tables, log, gate
and register the model with the same requirements in an MLflow store that was migrated before, and start from an empty
warehouse. The runs alternate. Limit: the pipeline takes at most 1.15 times as long.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from _measure import Measured, about_this_machine, measure, row

HERE = Path(__file__).parent
ROOT = HERE.parent
EXAMPLE = Path("projects/example_demand_forecast")
SALES = ROOT / EXAMPLE / "data" / "online_retail.parquet"
LIMIT = 1.15
START_LIMIT = 0.25
"""Seconds for ``framework --help``."""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=5)
    runs = arguments.parse_args().runs
    if not SALES.exists():
        print(f"There is no {SALES.relative_to(ROOT)}: run 'make data' first.", file=sys.stderr)
        return 1
    script: list[Measured] = []
    pipeline: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="bench-local-run-") as folder:
        template = migrated_project(Path(folder))
        for number in range(runs):
            script.append(measure_script(template, Path(folder) / f"script-{number}"))
            pipeline.append(measure_pipeline(template, Path(folder) / f"pipeline-{number}"))
            print(
                f"run {number + 1}: script {script[-1].seconds:.1f} s, pipeline {pipeline[-1].seconds:.1f} s",
                flush=True,
            )
    help_command = [sys.executable, "-m", "framework", "--help"]
    starts = [measure(help_command, ROOT).seconds for _ in range(runs)]
    return report(script, pipeline, starts)


def migrated_project(folder: Path) -> Path:
    """A copy of the example with an MLflow store that is ready, as on the second day of its use."""
    template = folder / "template"
    ignore = shutil.ignore_patterns("data", "__pycache__", "tests")
    shutil.copytree(ROOT / EXAMPLE, template / EXAMPLE, ignore=ignore)
    shutil.copytree(ROOT / "conf", template / "conf")
    code = (
        "import sys; from pathlib import Path; from framework.local.paths import LocalPaths;"
        "from framework.local.mlflow_store import migrate; p = LocalPaths(Path(sys.argv[1])); p.create(); migrate(p)"
    )
    subprocess.run([sys.executable, "-c", code, str(template)], check=True, capture_output=True)
    return template


def measure_script(template: Path, root: Path) -> Measured:
    shutil.copytree(template, root)
    return measure([sys.executable, str(HERE / "_plain_script.py"), str(root), str(SALES)], root)


def measure_pipeline(template: Path, root: Path) -> Measured:
    shutil.copytree(template, root)
    command = [sys.executable, "-m", "framework", "run", "--source", f"raw.online_retail={SALES}", "-o", "json"]
    return measure(command, root)


def report(script: list[Measured], pipeline: list[Measured], starts: list[float]) -> int:
    start = statistics.median(starts)
    ratio = statistics.median(m.seconds for m in pipeline) / statistics.median(m.seconds for m in script)
    print(f"\n{about_this_machine()}; {len(script)} alternating runs")
    print(f"{'':<28}{'median':>10}{'min':>10}{'max':>10}")
    print(row("plain script", [m.seconds for m in script], "s"))
    print(row("pipeline", [m.seconds for m in pipeline], "s"))
    print(row("plain script, peak memory", [m.peak_mb for m in script], "MB"))
    print(row("pipeline, peak memory", [m.peak_mb for m in pipeline], "MB"))
    print(row("framework --help", starts, f"s (limit {START_LIMIT})"))
    print(f"pipeline / script: {ratio:.2f} (limit {LIMIT})")
    return 0 if ratio <= LIMIT and start <= START_LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
