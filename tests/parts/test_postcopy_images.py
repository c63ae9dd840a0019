"""The wire or a host is lost in post-copy: by hand, who can go on with the guest, and who can not."""

from typing import Any

import pytest

from proofs.checked import verdict_of
from proofs.solve import Verdict
from refmodel.compose import patched
from refmodel.handover.failure_claims import FailureClaims
from refmodel.handover.failure_state import Knows
from refmodel.handover.postcopy_images import PostCopyImages
from refmodel.handover.postcopy_state import X
from refmodel.language import neg
from refmodel.state import Phase
from refmodel.transport.demand import DemandPaging
from tests.parts.postcopying import POST, Switching


def from_where(d: Switching) -> list[str]:
    """From where the guest can be gone on with."""
    spec: Any = d.spec
    sides = ("at_the_source", "at_the_target", "from_both")
    found = [side for side in sides if getattr(spec, f"is_recoverable_{side}")(d.m)]
    assert spec.is_recoverable(d.m) is bool(found)
    return found


def test_from_the_first_step_at_the_target_until_the_last_page_is_off_the_wire_both_hosts_are_needed() -> None:
    d = Switching(POST, pfn=2).committed()
    assert from_where(d) == ["at_the_source", "from_both"]
    d.do("acknowledge").do("activate")
    assert from_where(d) == ["from_both"]
    d.do("push", 0).do("push", 1).do("receive", 0)
    assert from_where(d) == ["from_both"]
    d.do("receive", 1)
    assert from_where(d) == ["at_the_target", "from_both"]


@pytest.mark.parametrize("host", ["source", "target"])
def test_either_hosts_death_loses_a_guest_whose_pages_are_on_their_way(host: str) -> None:
    d = Switching(POST, pfn=1).switched().do("push", 0).do(f"lose_{host}")
    assert from_where(d) == []
    d.refuses("the page is on the wire" if host == "source" else "the target runs", "receive", 0)
    d.refuses(
        "the wire was lost, and the source is there"
        if host == "source"
        else "the guest runs at the target, since a switch to post-copy",
        "recover",
    )


def test_pages_that_are_off_the_wire_are_put_in_place_though_the_source_has_died() -> None:
    d = Switching(POST, pfn=1).switched().do("push", 0).do("receive", 0).do("lose_source")
    assert from_where(d) == ["at_the_target"]
    d.do("fill_word", 0, 0).do("place_page", 0)
    assert d.m.target.memory[0, 0] == 2
    assert d.m.postcopy.awaited.is_empty


def test_a_target_that_dies_before_it_starts_leaves_the_guest_to_the_source_that_has_all_of_it() -> None:
    d = Switching(POST, pfn=1).committed().do("push", 0).do("lose_target")
    assert from_where(d) == ["at_the_source"]
    d.do("find_out").do("resume_source")
    assert d.m.hand_over.source_runs
    assert d.m.postcopy.awaited.is_empty


def test_the_sources_death_after_the_commit_of_a_switch_loses_the_guest_though_the_target_starts_it() -> None:
    d = Switching(POST, pfn=1).committed().do("lose_source")
    assert from_where(d) == []
    d.do("acknowledge").do("activate").do("target_fault", 0)
    assert d.m.postcopy.requested.is_empty
    assert from_where(d) == []


def test_a_wire_that_was_lost_before_the_start_is_found_again_after_it() -> None:
    d = Switching(POST, pfn=1).committed().do("push", 0).do("lose_wire")
    assert d.m.postcopy.on_wire.is_empty
    d.refuses("the guest runs at the target, since a switch to post-copy", "recover")
    d.do("acknowledge").do("activate").do("recover").do("drop_page", 0, 1).do("push", 0).take(0).do("end_postcopy")
    d.do("hear_acknowledgement").do("discard_source")
    assert from_where(d) == ["at_the_target"]


def test_with_nothing_awaited_there_is_no_wire_to_be_found_again() -> None:
    d = Switching(POST, pfn=1).switched().do("push", 0).take(0).do("lose_wire")
    d.refuses("the target lacks pages", "recover")
    d.do("find_out")
    assert d.m.failed.knows == Knows.TAKEN


def test_nothing_brings_the_guest_back_in_post_copy() -> None:
    d = Switching(POST, pfn=1).switched()
    d.refuses("the source has not committed", "abort")
    d.do("lose_wire")
    d.refuses("the source has not committed", "wire_error")
    d.do("find_out")
    d.refuses("the target is known not to have the guest, for good", "resume_source")


def test_after_an_abort_another_migration_starts_from_all_dirty_and_may_switch_again() -> None:
    d = Switching(f"{POST}+second-hop", pfn=2).live().store(2).stop().do("switch")
    d.do("lose_wire").do("wire_error").do("begin")
    assert d.m.rounds.to_send.is_full
    assert not d.m.postcopy.switched
    assert not d.m.failed.wire
    d.do("reserve").do("send_configuration").do("start_rounds").do("pause").do("final_harvest").do("switch")
    d.do("send_registers", 0).do("send_table").do("commit").do("acknowledge").do("activate")
    for page in (0, 1):
        d.do("drop_page", page, 1).do("push", page).take(page)
    d.do("end_postcopy")
    assert d.m.target.memory[0, 0] == 2


class TakesThePartForTheWhole(PostCopyImages[X]):
    def lacks_pages(self, m: X) -> bool:
        """What is on the wire counts as off it."""
        post = m.postcopy
        return neg((post.awaited - post.queue - post.on_wire).is_empty)


class CountsATargetThatLacksPages(PostCopyImages[X]):
    def is_recoverable_at_the_target(self, m: X) -> bool:
        """As in pre-copy: from the commit on the target is taken to have everything."""
        return FailureClaims.is_recoverable_at_the_target(self, m)


class LeavesItOnTheWire(DemandPaging[X]):
    def cut(self, m: X) -> X:
        """The queue of a connection that is gone is kept, and sent over the next."""
        return super().cut(m).but(postcopy=m.postcopy)


class GoesBackToAnOldImage(PostCopyImages[X]):
    def resume_source(self, m: X) -> X:
        """The target has died in post-copy: the source goes on from where it stopped, without what was stored since."""
        if (m.phase == Phase.AFTER) & m.postcopy.switched & m.failed.target:
            return self.taken_back(m)
        return super().resume_source(m)


@pytest.mark.parametrize(
    "patch", [TakesThePartForTheWhole, CountsATargetThatLacksPages, LeavesItOnTheWire, GoesBackToAnOldImage]
)
def test_a_wrong_account_of_what_can_be_recovered_is_refuted(patch: type[Any]) -> None:
    assert verdict_of(patched(POST, patch.__name__, patch)()) is Verdict.REFUTED
