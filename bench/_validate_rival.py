"""brickflow's compile of the graphs of ``validate.py``, run in an environment of its own: prints seconds.

Its tasks are Python functions, made here; timed from the first task to the written bundle, without its import and
without asking a workspace who is there. Arguments: pipelines, tasks of each, and how often to write the bundle.
"""

import os
import sys
import tempfile
import time

os.environ["BRICKFLOW_MODE"] = "unittest"

from brickflow import Cluster, Project, Workflow
from brickflow.codegen.databricks_bundle import DatabricksBundleCodegen

LAYER = 5


def main(pipelines: int, tasks: int, targets: int) -> float:
    os.chdir(tempfile.mkdtemp())
    started = time.perf_counter()
    with Project("bench", git_repo="https://example.com/x", provider="github", git_reference="branch/main") as project:
        for number in range(pipelines):
            project.add_workflow(workflow(f"p{number:02d}", tasks))
    for target in range(targets):
        DatabricksBundleCodegen(project=project, id_=f"t{target}_bench", env=f"t{target}", mutators=[]).synth()
    return time.perf_counter() - started


def workflow(name: str, tasks: int) -> Workflow:
    made = Workflow(name, default_cluster=Cluster.from_existing_cluster("abc"))
    keys: list[str] = []
    for number in range(tasks):
        upstream = keys[number // LAYER * LAYER - LAYER : number // LAYER * LAYER] if number >= LAYER else []

        def does_nothing() -> None:
            """As a task of a project would be, a function."""

        does_nothing.__name__ = key = f"t{number:02d}"
        made.task(does_nothing, depends_on=[*upstream])
        keys.append(key)
    return made


if __name__ == "__main__":
    print(main(*map(int, sys.argv[1:])))
