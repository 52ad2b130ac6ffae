"""Order and cycles."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.core.graph import find_cycle, find_cycles, topological_order

# Edges go from lower to higher numbers only, so these graphs have no cycle.
acyclic = st.integers(1, 12).flatmap(
    lambda n: st.fixed_dictionaries(
        {
            str(i): st.lists(st.sampled_from([str(j) for j in range(i)]), unique=True) if i else st.just([])
            for i in range(n)
        }
    )
)


@given(acyclic)
def test_every_task_comes_after_its_upstream_ones(upstream):
    order = topological_order(upstream)

    assert sorted(order) == sorted(upstream)
    assert all(order.index(up) < order.index(node) for node, ups in upstream.items() for up in ups)


def test_a_cycle_is_named_from_its_start_to_its_start():
    cycle = find_cycle({"a": ["c"], "b": ["a"], "c": ["b"], "d": []})

    assert cycle[0] == cycle[-1]
    assert set(cycle) == {"a", "b", "c"}
    with pytest.raises(ValueError, match="→"):
        topological_order({"a": ["b"], "b": ["a"]})


some_graph = st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=4), max_size=6)


@given(some_graph)
def test_without_the_cycles_that_are_named_there_is_none(upstream):
    found = list(find_cycles(upstream))

    for cycle in found:
        assert cycle[0] == cycle[-1]
        assert all(one in upstream[then] for one, then in pairwise(cycle))
    named = [key for cycle in found for key in cycle[1:]]
    assert len(named) == len(set(named))
    left = {key: [each for each in others if each not in named] for key, others in upstream.items()}
    assert len(topological_order({key: left[key] for key in left if key not in named})) >= len(left) - len(named)
