"""Memory for the log by hand: a mark that found none is not forgotten."""

from refmodel.state import Phase
from tests.parts.switching import Switching

MEMORY = "bare+second-stage+log-allocation"


def lost() -> Switching:
    """All has been sent, and a store went on whose mark was lost."""
    d = Switching(MEMORY).set_up().send()
    return d.do("memory_runs_out").store(0, 0, 1)


def test_the_store_goes_on_and_the_log_has_no_mark_of_it() -> None:
    d = lost()
    assert d.m.log.dirty.is_empty
    assert d.m.allocation.failed
    assert d.spec.is_owed(d.m, 0)


def test_no_harvest_succeeds_not_even_once_memory_is_back() -> None:
    d = lost().do("memory_comes_back")
    d.refuses("no mark has been lost for want of memory", "next_round")
    d.do("pause")
    d.refuses("no mark has been lost for want of memory", "final_harvest")


def test_a_harvest_that_fails_ends_the_migration_and_the_guest_runs_on() -> None:
    d = lost().do("harvest_refused")
    assert d.m.phase == Phase.ABORTED
    assert not d.m.allocation.failed
    d.do("guest_store", 0, 0, 0, 2)


def test_while_there_is_memory_marks_are_kept_and_no_harvest_fails() -> None:
    d = Switching(MEMORY).set_up().send()
    d.do("memory_runs_out").do("memory_comes_back").store(0, 0, 1)
    d.refuses("a mark has been lost for want of memory", "harvest_refused")
    d.do("next_round").send().finish()
