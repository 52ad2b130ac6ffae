"""What was live when, by the records alone."""

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.core.errors import FrameworkError
from framework.deploy import history
from framework.records.releases import Deployment

RECORDS = st.lists(
    st.tuples(
        st.sampled_from(["deploy", "deploy", "rollback", "destroy"]),
        st.sampled_from(["succeeded", "succeeded", "failed", "running"]),
        st.sampled_from("abc"),
        st.sampled_from(["/ann", "/bob"]),
    ),
    max_size=12,
)


def made(records):
    return [
        Deployment(
            id=f"{number:03}",
            project="shop",
            target="dev",
            release=release,
            started_at=f"2026-01-01T10:{number:02}:00+00:00",
            kind=kind,
            result=result,
            root_path=root_path,
            jobs={"daily": f"daily {number}"},
        )
        for number, (kind, result, release, root_path) in enumerate(records)
    ]


@given(RECORDS)
def test_each_place_has_a_history_of_its_own(records):
    every = made(records)
    assert sum(len(history.at(every, place)) for place in ("/ann", "/bob")) == len(every)
    places = [history.at(every, place) for place in ("/ann", "/bob")]
    wanted = {each.release for past in places for each in history.unfinished(past)}
    assert history.in_use(reversed(every)) == wanted | {now.release for past in places if (now := history.live(past))}


@given(RECORDS)
def test_what_is_live_succeeded_and_was_not_taken_away(records):
    past = history.at(made(records), "/ann")
    now, open_ends = history.live(past), history.unfinished(past)
    last = [each for each in past if each.result == "succeeded"][-1:]
    assert ([now] if now else []) == [each for each in last if each.kind != "destroy"]
    assert [*(each for each in past if each not in open_ends), *open_ends] == past
    assert all(each.result != "succeeded" for each in open_ends)
    names = history.names_of_jobs(past).get("daily", [])
    assert len(names) == len(open_ends) + bool(now)


@given(RECORDS)
def test_a_rollback_leads_to_another_release_that_was_live(records):
    past = history.at(made(records), "/ann")
    now = history.live(past)
    were = {each.release for each in past if each.result == "succeeded" and each.kind != "destroy"}
    interrupted = history.broken_off(past) is not None
    others = were - ({now.release} if now and not interrupted else set())
    try:
        assert history.to_roll_back_to(past, None).release in others
    except FrameworkError as error:
        assert "no release before" in error.message
    for release in were:
        assert history.to_roll_back_to(past, release).release == release


@given(RECORDS, st.integers(0, 12))
def test_who_sees_the_way_back_need_not_look_further(records, unseen):
    past = history.at(made(records), "/ann")
    for release in (None, "a"):
        if history.is_way_back(past[unseen:], release):
            assert history.to_roll_back_to(past[unseen:], release) == history.to_roll_back_to(past, release)


def test_a_release_that_is_on_record_again_goes_by_the_later_record():
    past = made([("deploy", "succeeded", each, "/ann") for each in "aab"])
    assert history.to_roll_back_to(past, None) == past[1]


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=8))
def test_each_rollback_goes_further_back(releases):
    records = [("deploy", "succeeded", release, "/ann") for release in releases]
    steps = [release for release, _ in groupby(releases)]
    for release in reversed(steps[:-1]):
        assert history.to_roll_back_to(made(records), None).release == release
        records.append(("rollback", "succeeded", release, "/ann"))
    with pytest.raises(FrameworkError, match="no release before") as error:
        history.to_roll_back_to(made(records), None)
    if len(steps) > 1:
        assert f"{steps[1]} is the one that was rolled back from" in error.value.message
        assert error.value.hint == f"Forward again: framework rollback shop -e dev --to {steps[1]}"


def test_back_from_a_deployment_that_broke_off_leads_to_what_was_live():
    records = [("deploy", "succeeded", each, "/ann") for each in "ab"] + [("deploy", "running", "c", "/ann")]
    assert history.to_roll_back_to(made(records), None).release == "b"
    killed = [*records, ("rollback", "running", "b", "/ann")]  # the same command again
    assert history.to_roll_back_to(made(killed), None).release == "b"
    records += [("rollback", "succeeded", "b", "/ann")]
    assert history.to_roll_back_to(made(records), None).release == "a"
    records += [("rollback", "failed", "a", "/ann")]
    assert history.to_roll_back_to(made(records), None).release == "a"


def test_a_deployment_after_a_rollback_goes_on_from_there():
    records = [("deploy", "succeeded", each, "/ann") for each in "abc"]
    records += [("rollback", "succeeded", "a", "/ann"), ("deploy", "succeeded", "d", "/ann")]
    assert history.to_roll_back_to(made(records), None).release == "a"
    records += [("rollback", "succeeded", "c", "/ann")]  # forward, by its name
    assert history.to_roll_back_to(made(records), None).release == "d"
