"""The wire, the source or the target is lost: by hand, what each side then knows, and may do."""

from typing import Any

from refmodel.handover.failure_state import Knows
from refmodel.state import Phase
from tests.parts.changing import Changing

FAILING = "seed"


def committed() -> Changing:
    d = Changing(FAILING, pfn=1).live().send().stop()
    d.do("send_registers", 0).do("send_table").do("commit")
    return d


def recoverable(d: Changing) -> bool:
    spec: Any = d.spec
    return bool(spec.is_recoverable(d.m))


def test_before_the_commit_a_broken_wire_ends_the_migration_and_the_source_runs_on() -> None:
    d = Changing(FAILING, pfn=1).live().do("lose_wire")
    d.do("transfer_clear", 0).do("transfer_mark")
    d.do("transfer_flush", 0)
    d.refuses("the wire is there", "transfer_read", 0)
    d.do("wire_error")
    assert d.m.phase == Phase.ABORTED
    assert d.m.hand_over.source_runs


def test_nothing_of_the_context_travels_over_a_broken_wire() -> None:
    d = Changing(FAILING, pfn=1).live().send().stop().do("lose_wire")
    d.refuses("the wire is there", "send_registers", 0)
    d.refuses("the wire is there", "send_table")


def test_before_the_commit_the_guest_dies_with_the_source() -> None:
    d = Changing(FAILING, pfn=1).live().do("lose_source")
    assert not d.m.hand_over.source_runs
    assert not recoverable(d)
    d.refuses("no migration has begun", "begin")


def test_after_the_commit_the_source_waits_until_somebody_finds_out() -> None:
    d = committed().do("lose_wire")
    d.refuses("the target is known not to have the guest, for good", "resume_source")
    d.refuses("the target is known to have the guest", "discard_source")
    d.refuses("the source has not committed", "abort")
    d.do("find_out").refuses("the target has not been fenced", "acknowledge")
    d.do("resume_source")
    assert d.m.hand_over.source_runs
    assert d.m.failed.knows == Knows.NOTHING


def test_a_target_that_was_told_takes_the_guest_though_the_wire_is_gone_by_then() -> None:
    d = committed().do("lose_wire").do("acknowledge").do("activate")
    d.refuses("the wire is there", "hear_acknowledgement")
    d.refuses("the target is known to have the guest", "discard_source")
    d.do("find_out")
    d.refuses("the target is known not to have the guest, for good", "resume_source")
    d.do("discard_source")


def test_a_target_that_dies_before_it_starts_leaves_the_guest_to_the_source() -> None:
    d = committed().do("acknowledge").do("lose_target")
    d.refuses("the target is there", "activate")
    d.do("find_out").do("resume_source")
    assert d.m.hand_over.source_runs


def test_once_the_target_has_started_its_death_is_the_guests() -> None:
    d = committed().do("acknowledge").do("activate").do("lose_target")
    assert not d.m.hand_over.target_runs
    assert not recoverable(d)
    d.do("find_out")
    assert d.m.failed.knows == Knows.TAKEN


def test_the_death_of_one_host_after_the_other_loses_the_guest_and_of_one_alone_does_not() -> None:
    d = committed().do("lose_source")
    assert recoverable(d)
    d.refuses("there is a source to go back to", "find_out")
    d.do("lose_target")
    assert not recoverable(d)


def test_a_second_migration_has_a_wire_of_its_own() -> None:
    d = Changing("seed+second-hop", pfn=1).live().do("lose_target").do("wire_error")
    d.do("begin")
    assert not d.m.failed.wire
    assert not d.m.failed.target
    assert d.m.rounds.to_send.is_full
