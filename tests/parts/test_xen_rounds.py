"""Xen's policies by hand: of today, with a count that decides; of 2005, with pages skipped and fixed."""

import pytest

from refmodel.language import Action
from refmodel.rounds.xen_2005_policy import Xen2005Rounds
from refmodel.rounds.xen_policy import XenRounds
from refmodel.state import Phase
from tests.parts.harvesting import Harvesting

OPEN = "bare+protect-at-harvest"


def today(rounds: int = 9, **policy: int) -> Harvesting:
    d = Harvesting(f"{OPEN}+xen-rounds", rounds)
    d.m = d.m.but(policy=d.m.policy.but(**policy))
    return d.set_up((0, 0), (1, 1), (2, 2))


def year_2005(rounds: int = 9, **thresholds: int) -> Harvesting:
    d = Harvesting(f"{OPEN}+xen-2005-rounds", rounds)
    d.m = d.m.but(skipping=d.m.skipping.but(**thresholds))
    return d.set_up((0, 0), (1, 1), (2, 2))


def test_the_thresholds_are_xens_and_smaller_for_a_guest_that_is_smaller_than_the_first() -> None:
    assert (XenRounds.target_dirty_count, XenRounds.max_iterations) == (50, 5)
    assert (Xen2005Rounds.target_handled, Xen2005Rounds.max_iterations) == (50, 29)
    assert today().m.policy.target == 1
    large = Harvesting("bare+xen-rounds", pfn=51).m.policy
    assert (large.target, large.most) == (50, 5)
    large = Harvesting("bare+xen-2005-rounds", pfn=51).m.skipping
    assert (large.target, large.most, large.enough) == (50, 29, 153)


LACKING = {
    "enter_shadow": "every CPU walks the shadow",
    "harvest_release": "no log-dirty operation is under way",
    "send_configuration": "the configuration has travelled",
}
"""What rounds of 2005 rely on, by its last step, and what is said where it is lacking."""


@pytest.mark.parametrize("lacking", LACKING)
@pytest.mark.parametrize("variant", [None, "cpu-keeps-root"])
def test_rounds_wait_for_all_that_they_rely_on_and_say_for_what(variant: str | None, lacking: str) -> None:
    """A variant that forgets one of these, and waits for one CPU alone, forgets none of the others."""
    d = Harvesting("xen-2005", variant=variant)
    for step, *arguments in (
        *(("begin",), ("harvest_blow",), ("harvest_flush", 0), ("harvest_flush", 1), ("harvest_release",)),
        *(("reserve",), ("send_configuration",), ("enter_shadow", 0), ("enter_shadow", 1)),
    ):
        if (step, arguments) not in [(lacking, []), (lacking, [1])]:
            d.do(str(step), *arguments)
    if variant and lacking == "enter_shadow":
        assert d.spec.take(d.m, Action("start_rounds")).phase == Phase.LIVE
    else:
        d.refuses(LACKING[lacking], "start_rounds")
        d.do(lacking, *([1] if lacking == "enter_shadow" else []))
        d.do("start_rounds")


def test_a_round_small_enough_to_stop_for_is_still_sent_live() -> None:
    d = today(target=2)
    d.send().do("round_over")
    d.refuses("the policy stops", "pause")
    d.store(0, 1, 1).harvest()
    assert d.m.policy.dirty_count == 1
    d.refuses("the policy stops", "pause")
    d.send(1).do("round_over")
    d.refuses("the policy allows another round", "harvest_hold")
    d.stop().hand_over()


def test_a_round_that_counts_nothing_is_not_sent() -> None:
    d = today()
    d.send().do("round_over")
    d.harvest()
    assert d.m.policy.dirty_count == 0
    d.do("round_over")
    assert d.m.policy.converged
    d.stop().hand_over()


def test_after_the_last_iteration_there_is_no_clean_but_the_final_one() -> None:
    d = today(most=2)
    d.send().do("round_over")
    d.store(0, 1, 1).harvest().send().do("round_over")
    assert d.m.policy.iteration == 2
    d.refuses("the policy allows another round", "harvest_hold")
    d.store(0, 1, 2).stop()
    assert d.m.rounds.to_send.members() == [1]
    d.hand_over()


def test_a_round_is_not_over_while_it_owes_something_and_only_once() -> None:
    d = today()
    d.send(0)
    d.refuses("the round has sent all that it owed, or there was nothing to send", "round_over")
    d.send().do("round_over")
    d.refuses("the round is not over yet", "round_over")


def test_plain_suspend_asks_no_policy() -> None:
    d = Harvesting(f"{OPEN}+xen-rounds")
    d.do("begin")
    d.protect_all()
    d.do("send_configuration")
    d.stop().hand_over()


def test_a_page_that_is_dirty_again_is_skipped_and_comes_with_the_next_harvest() -> None:
    d = year_2005()
    d.store(0, 1, 1).do("peek")
    d.refuses("the page was not dirty again at the last PEEK", "transfer_clear", 1)
    d.refuses("the page was dirty again at the last PEEK", "page_skipped", 0)
    d.do("page_skipped", 1)
    d.send(0, 2).harvest()
    assert d.m.rounds.to_send.members() == [1]
    d.send()
    assert d.m.skipping.total == 3


def test_in_the_last_round_nothing_is_skipped() -> None:
    d = year_2005(rounds=0)
    d.store(0, 1, 1).do("peek")
    d.do("page_skipped", 1)
    d.send(0, 2).stop()
    assert d.m.skipping.to_skip.members() == [1]
    d.refuses("rounds are running", "page_skipped", 1)
    d.hand_over()


def test_a_page_without_a_frame_is_fixed_in_the_last_round_unless_it_is_sent_before() -> None:
    d = year_2005()
    d.do("page_not_mapped", 1)
    d.do("page_not_mapped", 2)
    d.send(0).store(0, 2, 1).harvest()
    d.send(2)
    assert d.m.skipping.to_fix.members() == [1]
    d.harvest().stop()
    assert d.m.rounds.to_send.members() == [1]
    d.hand_over()


@pytest.mark.parametrize(("thresholds", "rounds"), [({"most": 1}, 9), ({"target": 4}, 9), ({}, 0)])
def test_rounds_end_by_iterations_or_few_pages_or_the_callers_bound(thresholds: dict[str, int], rounds: int) -> None:
    d = year_2005(rounds, **thresholds)
    d.refuses("the policy stops", "pause")
    d.send()
    d.refuses("the policy allows another round", "harvest_hold")
    d.stop().hand_over()


def test_rounds_end_when_three_times_the_memory_has_been_sent() -> None:
    d = year_2005()
    for _ in range(3):
        d.send()
        d.refuses("the policy stops", "pause")
        for page in range(3):
            d.store(0, page, 1)
        d.harvest()
    d.send(0, 1)
    assert d.m.skipping.total == 11
    d.send()
    d.stop().hand_over()


def test_harvest_rounds_and_deferred_pages_go_together() -> None:
    d = Harvesting("bare+protect-at-harvest+leaf-by-leaf+xen-rounds+deferred-pages").set_up((0, 0))
    d.store(0, 0, 1).do("transfer_clear", 2)
    d.do("transfer_defer")
    d.send().do("round_over")
    d.harvest().send().do("round_over")
    d.harvest().do("round_over")
    d.stop()
    assert d.m.rounds.to_send.members() == [2]
    d.hand_over()
