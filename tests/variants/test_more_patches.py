"""Wrong patches without a class of their own: what hand-over, flush and fault must achieve is claimed too."""

import pytest

from proofs.checked import is_proved
from refmodel.language import neg
from refmodel.search.explore import Outcome, explore
from refmodel.search.seed_space import seed_space
from refmodel.seed import Seed, SeedState

SMALL = {"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2}


class ConfiguresNothing(Seed):
    def send_configuration(self, m: SeedState) -> SeedState:
        """The configuration counts as sent, and the target keeps its own."""
        return super().send_configuration(m).but(target=m.target)


class CommitsWithoutTheTable(Seed):
    def commit(self, m: SeedState) -> SeedState:
        """The commit does not wait for the guest's table."""
        return super().commit(m.but(hand_over=m.hand_over.but(table_sent=True)))


class OwesAtThePause(Seed):
    def pause(self, m: SeedState) -> SeedState:
        """Every page is owed again at the pause: the machine stands still for all of them."""
        after = super().pause(m)
        return after.but(rounds=after.rounds.but(to_send=after.rounds.to_send.filled()))


class LogsWhatTheGuestForbids(Seed):
    def reflected(self, m: SeedState, cpu: int, value: int) -> SeedState:
        """A store that the guest's own table forbids is logged too; which page is not even looked at."""
        after = super().reflected(m, cpu, value)
        return after.but(log=after.log.but(dirty=after.log.dirty.filled()))


class FlushKeepsTheShadow(Seed):
    def guest_flush(self, m: SeedState, cpu: int, vpn: int) -> SeedState:
        """The guest's flush empties the TLB, and leaves the shadow's stale entry to be walked again."""
        return super().guest_flush(m, cpu, vpn).but(shadow=m.shadow)


class WalkGrantsWhatTheLogPermits(Seed):
    def mmu_walk(self, m: SeedState, cpu: int, vpn: int) -> SeedState:
        """A walk asks the log alone whether the page may be written, not the guest's table."""
        after = super().mmu_walk(m, cpu, vpn)
        granted = neg(m.protection.transferred[after.cpus.frame[cpu, vpn]])
        return after.but(cpus=after.cpus.but(writable=after.cpus.writable.put((cpu, vpn), granted)))


class KeepsTheShadowItFinds(Seed):
    def initial(self, anything: SeedState) -> SeedState:
        """The shadow does not start empty."""
        m = super().initial(anything)
        return m.but(shadow=m.shadow.but(present=m.shadow.present.filled()))


class FlushKeepsTheEntry(Seed):
    def guest_flush(self, m: SeedState, cpu: int, vpn: int) -> SeedState:
        """The guest's flush leaves the TLB as it is."""
        after = super().guest_flush(m, cpu, vpn)
        return after.but(cpus=after.cpus.but(present=m.cpus.present, writable=m.cpus.writable))


PATCHES = [
    ConfiguresNothing,
    CommitsWithoutTheTable,
    OwesAtThePause,
    LogsWhatTheGuestForbids,
    KeepsTheShadowItFinds,
    FlushKeepsTheEntry,
    FlushKeepsTheShadow,
    WalkGrantsWhatTheLogPermits,
]


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.__name__)
def test_the_proof_refutes_it(patch: type[Seed]) -> None:
    assert not is_proved(patch())


@pytest.mark.parametrize("patch", [p for p in PATCHES if p is not KeepsTheShadowItFinds], ids=lambda p: p.__name__)
def test_the_search_finds_it(patch: type[Seed]) -> None:
    assert explore(seed_space(patch(), SMALL)).outcome is Outcome.BROKEN


def test_the_search_ends_without_a_finding_on_the_right_machine() -> None:
    assert explore(seed_space(Seed(), SMALL)).outcome is Outcome.EXHAUSTED
