"""Order and cycles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.core.graph import find_cycle, topological_order

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
