"""Wrong patches without a class of their own: what hand-over, flush and fault must achieve is claimed too."""

from typing import Any

import pytest

from proofs.checked import verdict_of
from proofs.obligations import Induction
from proofs.refining import REACHED, Refinement
from proofs.solve import Options, Verdict, decide
from refmodel.compose import patched
from refmodel.handover.failures import Failures
from refmodel.language import neg, pick
from refmodel.logging.guest_tables import GuestTables
from refmodel.logging.log_allocation import LogAllocation
from refmodel.rounds.free_hints import FreeHints
from refmodel.search.explore import Outcome, explore
from refmodel.search.seed_space import seed_space
from refmodel.seed import Bare, BareState

SMALL = {"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2}


class ConfiguresNothing(Bare):
    def send_configuration(self, m: BareState) -> BareState:
        """The configuration counts as sent, and the target keeps its own."""
        return super().send_configuration(m).but(target=m.target)


class CommitsWithoutTheTable(Bare):
    def commit(self, m: BareState) -> BareState:
        """The commit does not wait for the guest's table."""
        return super().commit(m.but(hand_over=m.hand_over.but(table_sent=True)))


class OwesAtThePause(Bare):
    def pause(self, m: BareState) -> BareState:
        """Every page is owed again at the pause: the machine stands still for all of them."""
        after = super().pause(m)
        return after.but(rounds=after.rounds.but(to_send=after.rounds.to_send.filled()))


class LogsWhatTheGuestForbids(Bare):
    def reflected(self, m: BareState, cpu: int, value: int) -> BareState:
        """A store that the guest's own table forbids is logged too; which page is not even looked at."""
        after = super().reflected(m, cpu, value)
        return after.but(log=after.log.but(dirty=after.log.dirty.filled()))


class FlushKeepsTheShadow(Bare):
    def guest_flush(self, m: BareState, cpu: int, vpn: int) -> BareState:
        """The guest's flush empties the TLB, and leaves the shadow's stale entry to be walked again."""
        return super().guest_flush(m, cpu, vpn).but(shadow=m.shadow)


class WalkGrantsWhatTheLogPermits(Bare):
    def mmu_walk(self, m: BareState, cpu: int, vpn: int) -> BareState:
        """A walk asks the log alone whether the page may be written, not the guest's table."""
        after = super().mmu_walk(m, cpu, vpn)
        granted = neg(m.protection.transferred[after.cpus.frame[cpu, vpn]])
        return after.but(cpus=after.cpus.but(writable=after.cpus.writable.put((cpu, vpn), granted)))


class KeepsTheShadowItFinds(Bare):
    def initial(self, anything: BareState) -> BareState:
        """The shadow does not start empty."""
        m = super().initial(anything)
        return m.but(shadow=m.shadow.but(present=m.shadow.present.filled()))


class FlushKeepsTheEntry(Bare):
    def guest_flush(self, m: BareState, cpu: int, vpn: int) -> BareState:
        """The guest's flush leaves the TLB as it is."""
        after = super().guest_flush(m, cpu, vpn)
        return after.but(cpus=after.cpus.but(present=m.cpus.present, writable=m.cpus.writable))


class GrantsWhatIsOutOfSync(Bare):
    def permitted(self, m: BareState, page: int) -> BareState:
        """A fault gives write access back to mappings that are out of sync, too, by what the guest says by now."""
        after = super().permitted(m, page)
        shadow, table = after.shadow, m.source.table
        stale = shadow.unsynced.only(lambda v: shadow.unsynced[v] & (shadow.frame[v] == page) & table.writable[v])
        return after.but(shadow=shadow.but(writable=shadow.writable | stale))


class TakenAgainIsStillFree(FreeHints[Any]):
    def stored(self, m: Any, page: int, word: int, value: int) -> Any:
        """A released page that is stored to counts as released all the same: then nothing is claimed of it."""
        after = super().stored(m, page, word, value)
        return after.but(hints=after.hints.but(free=m.hints.free))


class HearsWithoutAWire(Failures[Any]):
    def is_heard(self, m: Any) -> bool:
        """What a target that lives is told it is taken to have heard, whether or not there is a wire."""
        return neg(m.failed.target)


class SetsBitsInTheRoot(GuestTables[Any]):
    def bit(self, m: Any, vpn: int, in_leaf: bool, dirty: bool) -> tuple[int, int, int]:
        """The bit of a leaf goes into the root table, at the leaf's place: the entry of some other page."""
        root, word = m.roots.guest, pick(in_leaf, m.layout.lower[vpn], m.layout.upper[vpn])
        entry = m.source.memory[root, word]
        return root, word, pick(dirty, m.layout.with_dirty[entry], m.layout.with_accessed[entry])


class LostMarksOutliveTheMigration(LogAllocation[Any]):
    def logging_ended(self, m: Any) -> Any:
        """That a mark was lost is not forgotten with the migration that is given up for it."""
        after = super().logging_ended(m)
        return after.but(allocation=m.allocation)


ELSEWHERE = [
    (TakenAgainIsStillFree, "bare+free-hints", "guest_store", "what_is_stored_to_matters"),
    (
        HearsWithoutAWire,
        "seed+checkpoints",
        "abort",
        "a_target_that_could_start_is_given_up_only_if_it_hears_of_it_or_is_fenced",
    ),
    (
        LostMarksOutliveTheMigration,
        "bare+log-allocation",
        "abort",
        "a_migration_that_is_given_up_takes_its_lost_marks_along",
    ),
]
"""Patches of parts, each with its machine, and a law that was made, or made stricter, for it."""

PATCHES = [
    ConfiguresNothing,
    CommitsWithoutTheTable,
    OwesAtThePause,
    LogsWhatTheGuestForbids,
    KeepsTheShadowItFinds,
    FlushKeepsTheEntry,
    FlushKeepsTheShadow,
    WalkGrantsWhatTheLogPermits,
    GrantsWhatIsOutOfSync,
]


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.__name__)
def test_the_proof_refutes_it(patch: type[Bare]) -> None:
    assert verdict_of(patch()) is Verdict.REFUTED


@pytest.mark.parametrize(("patch", "machine", "step", "claim"), ELSEWHERE, ids=lambda value: str(value)[:40])
def test_a_patch_of_a_part_is_refuted_by_the_law_that_it_was_the_reason_for(
    patch: type[Any], machine: str, step: str, claim: str
) -> None:
    asked = (o for o in Induction(patched(machine, patch.__name__, patch)()).obligations(step) if o.claim == claim)
    assert Verdict.REFUTED in {record.verdict for _, record in decide(asked, Options())}


def test_a_bit_that_goes_into_another_entry_is_no_store_of_the_walkers() -> None:
    """The witness says itself which entry it is: it does not ask the walker."""
    chapter = Refinement(patched("bare+guest-tables", "sets-bits-in-the-root", SetsBitsInTheRoot)())
    found = [record for _, record in decide(chapter.obligations("walker_marks_entry"), Options())]
    assert {record.claim for record in found if record.verdict is Verdict.REFUTED} == {REACHED}


@pytest.mark.parametrize("patch", [p for p in PATCHES if p is not KeepsTheShadowItFinds], ids=lambda p: p.__name__)
def test_the_search_finds_it(patch: type[Bare]) -> None:
    sizes = {**SMALL, "vpn": 2} if patch is GrantsWhatIsOutOfSync else SMALL  # a mapping, and one that faults
    assert explore(seed_space(patch(), sizes)).outcome is Outcome.BROKEN


def test_the_search_ends_without_a_finding_on_the_right_machine() -> None:
    assert explore(seed_space(Bare(), SMALL)).outcome is Outcome.EXHAUSTED
