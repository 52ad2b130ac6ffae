"""The collector of garbage is as it was, whatever happens meanwhile."""

import gc

import pytest

from framework.core.garbage import kept


def test_it_is_off_meanwhile_and_on_again_after_an_error():
    with pytest.raises(ValueError), kept():
        assert not gc.isenabled()
        raise ValueError

    assert gc.isenabled()


def test_it_stays_off_where_it_was():
    gc.disable()
    try:
        with kept():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
