"""A part of a pipeline that cannot run by itself is refused before anything starts."""

import pytest


@pytest.mark.parametrize(
    ("selection", "key", "lacks", "instead"),
    [
        (("--only", "evaluate"), "evaluate", "train", "--only +evaluate"),
        (("--from", "evaluate"), "evaluate", "train", "--only +evaluate+"),
        (("--only", "train,register"), "register", "evaluate", "--only +register"),
    ],
)
def test_a_task_needs_the_one_whose_model_or_verdict_it_takes(cold_shop, selection, key, lacks, instead):
    shop = cold_shop()

    done = shop.framework("run", *selection)

    assert done.code == 2
    assert f"task '{key}' takes what task '{lacks}' makes in the same run, and '{lacks}' is not selected" in done.stderr
    assert done.stderr.rstrip().endswith(instead)
    assert not list((shop.root / ".framework/runs").glob("[0-9]*"))
