"""What the guest notices: each of the ways is looked for, and some wrong machine is noticed in that way alone.

The search and the fuzzer ask for no more than this where they look for what a guest would see
(``refmodel.schedules.replay.noticed_by_the_guest``).
"""

from collections.abc import Callable

import pytest

from refmodel.seed import Bare, BareState
from refmodel.variants import VARIANTS
from tests.checkers.runs import END, SMALL, STOP, Run, sent
from tests.checkers.test_oracle_rules import STORED, LosesWords

MEMORY = "a load at the target of pfn 0 word 0 returns 0; the last store was 1"
BOTH = "the guest runs on both sides at once"
REGISTERS = "the registers of cpu 0 at the target are not what they were"
TABLE = "the guest's page-table entry for vpn 0 is not the one it wrote"
SOURCE = "a load at the source of pfn 0 word 0 returns 0; the last store was 1"


class CommitsWithoutTheTable(Bare):
    def commit(self, m: BareState) -> BareState:
        """The commit does not wait for the guest's table."""
        return super().commit(m.but(hand_over=m.hand_over.but(table_sent=True)))


class LosesStores(Bare):
    def stored(self, m: BareState, page: int, word: int, value: int) -> BareState:
        """A store reaches no memory."""
        return m


RUNS: dict[str, Callable[[], Run]] = {
    MEMORY: lambda: Run.of(LosesWords(), (*STORED, *sent(), *END)),
    SOURCE: lambda: Run.of(LosesStores(), STORED[:-2]),
    REGISTERS: lambda: Run.of(
        VARIANTS["registers-not-sent"].spec(), ("begin", ("guest_compute", 0, 1), *STOP[1:], *sent(), *END)
    ),
    TABLE: lambda: Run.of(
        CommitsWithoutTheTable(), (*STORED, *sent(), *(step for step in END if step != "send_table"))
    ),
    BOTH: lambda: Run.of(VARIANTS["resume-after-ack"].spec(), (*STOP, *sent(), *END[:-1], "abort", "activate")),
}


@pytest.mark.parametrize("what", RUNS)
def test_each_way_of_noticing_is_there(what: str) -> None:
    assert set(RUNS[what]().noticed) == {what}


def test_the_right_machine_lets_the_guest_notice_nothing_in_the_same_steps() -> None:
    for steps in ((*STORED, *sent(), *END), ("begin", ("guest_compute", 0, 1), *STOP[1:], *sent(), *END)):
        assert Run.of(Bare(), steps, SMALL).noticed == ()
