"""Each claim is needed: switched off, some wrong variant, or some fault of one cell, is found by nothing.

The witnesses are stored (``make_witnesses``), and hold of every claim of every machine: a new claim without one fails
here, until it has one or says below why it cannot.
"""

from collections.abc import Callable
from typing import Any

import pytest

from refmodel.compose import patched
from refmodel.handover.failure_claims import FailureClaims
from refmodel.handover.postcopy import PostCopy
from refmodel.language import need
from refmodel.machines import machine
from refmodel.seed import Bare, BareState
from refmodel.state import Phase
from refmodel.transport.zero_pages import ZeroPages
from tests.checkers.claims import every_claim, first_broken_in, refuted_alone, stored_names, until_broken
from tests.checkers.corollaries import COROLLARIES, beside, follows
from tests.checkers.flips import Flip
from tests.checkers.make_witnesses import as_lines, faults, missing, witnesses
from tests.checkers.runs import END, STOP, Run, sent
from tests.variants.make_schedules import stored

FOUND = witnesses()
BY_SEARCH = {claim: witness["search"] for claim, witness in FOUND.items() if "search" in witness}
BY_PROOF = {claim: witness["proof"] for claim, witness in FOUND.items() if "proof" in witness}
BY_FAULT = {claim: Flip.of(witness["fault"]) for claim, witness in FOUND.items() if "fault" in witness}


class TakesTheGuestBack(Bare):
    def abort(self, m: BareState) -> BareState:
        """The source takes the guest back from a target that runs it, which stops."""
        if m.phase != Phase.AFTER:
            return super().abort(m)
        return m.but(phase=Phase.ABORTED, hand_over=m.hand_over.but(source_runs=True, target_runs=False))


class SendsSomethingElse(ZeroPages[Any]):
    def sent(self, m: Any, page: int, word: int) -> Any:
        """What is read of a word, and sent, is not what it holds."""
        other = m.but(source=m.source.but(memory=m.source.memory.set((page, word), 2)))
        return super().sent(other, page, word).but(source=m.source)


class ResumesOnAGuess(FailureClaims[Any]):
    def resume_source(self, m: Any) -> Any:
        """The guest is taken back while nothing is known of the target."""
        need(m.phase == Phase.COMMITTED, "the source has committed")
        return self.taken_back(m)


class ForgetsADeadSource(PostCopy[Any]):
    def discard_source(self, m: Any) -> Any:
        """The image of a source that has died is taken for gone, though its host may come back with it."""
        need(m.failed.source, "the source has died")
        return m.but(hand_over=m.hand_over.but(source_kept=False))


class ForgetsWhatItDropped(PostCopy[Any]):
    def send_table(self, m: Any) -> Any:
        """The context comes, and with it the target forgets what it was told to drop."""
        post = m.postcopy
        return super().send_table(m).but(postcopy=post.but(told=post.told.cleared(), awaited=post.awaited.cleared()))


ASKED = (STOP[0], "reserve", *STOP[1:])
COMMITTED = (*ASKED, *sent(), *END[:3])
READ_WHEN_DIRTY = (
    *("begin", "send_configuration", ("enter_shadow", 0), "start_rounds"),
    *(("transfer_clear", 0), "transfer_mark", ("transfer_flush", 0)),
    *(("guest_map", 0, 0, True, False), ("shadow_fill", 0), ("write_fault", 0, 0, 0), ("transfer_read", 0)),
)
RUNS: dict[str, Callable[[], Run]] = {
    "the_source_never_runs_again_once_the_target_does": lambda: Run.of(
        TakesTheGuestBack(), (*STOP, *sent(), *END, "abort")
    ),
    "a_source_that_has_committed_runs_again_only_once_the_target_is_known_not_to": lambda: Run.of(
        patched("seed", "resumes-on-a-guess", ResumesOnAGuess)(), (*COMMITTED, "resume_source")
    ),
    "what_is_owed_after_a_switch_is_awaited_until_the_guest_runs_at_the_target": lambda: Run.of(
        patched("seed+postcopy", "forgets-what-it-dropped", ForgetsWhatItDropped)(), (*ASKED, "switch", "send_table")
    ),
    "the_sources_image_stays_while_the_target_lacks_pages": lambda: Run.of(
        patched("seed+postcopy", "forgets-a-dead-source", ForgetsADeadSource)(),
        (*ASKED, "switch", *END, "hear_acknowledgement", "lose_source", "discard_source"),
    ),
    "what_counts_as_read_was_read_or_found_zero": lambda: Run.of(
        patched("bare+zero-pages", "sends-something-else", SendsSomethingElse)(), READ_WHEN_DIRTY
    ),
}
"""Laws that no one cell breaks: a patch that stands for no class of the catalogue, and its steps."""


def test_every_claim_has_a_witness_or_a_reason_why_not() -> None:
    assert sorted(missing(FOUND)) == sorted({*COROLLARIES, *RUNS})
    assert set(FOUND) <= set(every_claim())


@pytest.mark.parametrize("claim", RUNS)
def test_without_the_claim_a_wrong_step_is_missed(claim: str) -> None:
    assert RUNS[claim]().broken == {claim}


@pytest.mark.parametrize("claim", sorted(BY_SEARCH))
def test_without_the_claim_the_search_misses_a_variant_there(claim: str) -> None:
    schedule = until_broken(stored(BY_SEARCH[claim]))
    assert first_broken_in(schedule) == {claim}
    assert first_broken_in(schedule, but=claim) == frozenset()


@pytest.mark.parametrize("claim", sorted(BY_FAULT))
def test_without_the_claim_a_fault_is_missed(claim: str) -> None:
    flip = BY_FAULT[claim]
    spec = machine(flip.machine)
    before, after, _ = flip.states()
    assert all(spec.broken(c, after, flip.sizes, before if c.of_steps else None) is None for c in spec.claims.values())
    assert set(flip.breaks()) - beside(claim) == {claim}
    assert set(flip.breaks(but=claim)) <= beside(claim)


@pytest.mark.slow
@pytest.mark.parametrize("claim", sorted(BY_PROOF))
def test_without_the_claim_the_proof_refutes_nothing_of_a_variant(claim: str) -> None:
    assert refuted_alone(BY_PROOF[claim]) == claim


@pytest.mark.parametrize("claim", sorted(COROLLARIES))
def test_a_corollary_follows_from_claims_with_witnesses_and_from_no_fewer(claim: str) -> None:
    others = COROLLARIES[claim]
    assert set(others) <= {*FOUND, *RUNS}
    assert follows(claim, others)
    assert not any(follows(claim, {*others} - {one}) for one in others)


def test_the_file_is_as_it_is_written() -> None:
    from tests.checkers.make_witnesses import WITNESSES

    assert as_lines(FOUND) == WITNESSES.read_bytes()


def test_a_fault_is_looked_for_in_runs_of_the_machine() -> None:
    claim = "a_writable_guest_entry_is_present"
    [(found, flip)] = faults("bare", {claim}, runs=1)
    assert found == claim
    assert (flip.leaf, len(flip.actions)) == ("source.table.writable", 1)
    assert Flip.of(flip.as_json()) == flip


def test_every_stored_schedule_is_looked_at() -> None:
    assert set(BY_SEARCH.values()) <= set(stored_names())
