"""A graph of tasks that do nothing, run by kedro or dagster: prints the seconds. Needs the rival, not the framework.

Usage: python bench/_scheduler_rival.py kedro|dagster '{"task": ["upstream", …], …}'
"""

import json
import logging
import sys
import time


def by_kedro(upstream):
    from kedro.io import DataCatalog
    from kedro.pipeline import node, pipeline
    from kedro.runner import SequentialRunner

    def nothing(*_):
        return 1

    nodes = [node(nothing, inputs=list(ups) or None, outputs=key, name=key) for key, ups in upstream.items()]
    graph, catalog, runner = pipeline(nodes), DataCatalog(), SequentialRunner()
    started = time.perf_counter()
    runner.run(graph, catalog)
    return time.perf_counter() - started


def by_dagster(upstream):
    from dagster import DependencyDefinition, GraphDefinition, In, MultiDependencyDefinition, Nothing, op

    def nothing_op(key, waits):
        @op(name=key, ins={"start": In(Nothing)} if waits else {})
        def nothing():
            return 1

        return nothing

    nodes = [nothing_op(key, bool(ups)) for key, ups in upstream.items()]
    edges = {
        key: {"start": MultiDependencyDefinition([DependencyDefinition(up) for up in ups])}
        for key, ups in upstream.items()
        if ups
    }
    graph = GraphDefinition("graph", node_defs=nodes, dependencies=edges).to_job()
    started = time.perf_counter()
    graph.execute_in_process()
    return time.perf_counter() - started


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    print({"kedro": by_kedro, "dagster": by_dagster}[sys.argv[1]](json.loads(sys.argv[2])))
