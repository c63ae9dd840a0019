"""Level A for a guest that is checkpointed: if its host dies it goes on from the last checkpoint, and nobody can tell.

A takeover takes back all that the guest has done since. That is allowed because nobody has seen it: what the guest
sends to the world is let out only once a checkpoint that knows of it is whole at the target. A checkpoint is *taken*
while the guest stands still, and *whole* when the target has all of it; in between the guest may run on.

A machine without checkpoints keeps the plain promise.
"""

from typing import ClassVar

from attrs import frozen

from refmodel.language import (
    Contract,
    Cpu,
    Flag,
    Packet,
    Pfn,
    Set,
    Vpn,
    Word,
    engine,
    guest,
    iff,
    implies,
    invariant,
    law,
    need,
    neg,
    operator,
)
from refmodel.promise import Ledger, Promise, Visible
from refmodel.state import same_entry

__all__ = ["CheckpointedLedger", "CheckpointedPromise"]


@frozen(slots=False)
class CheckpointedLedger(Ledger):
    """What the promise has to remember beside what was stored last."""

    taken: Visible
    """What the guest was when a checkpoint was taken last."""
    checkpoint: Visible
    """What it was when the last checkpoint was taken that is whole."""
    exists: bool
    """There is a whole one."""
    fresh: Set[Packet]
    """Sent by the guest since the last checkpoint was taken."""
    of_taken: Set[Packet]
    """Sent in the epoch that ended with it."""
    covered: Set[Packet]
    """Sent before the last whole checkpoint was taken: whoever goes on from it knows of them."""
    released: Set[Packet]
    """Let out to the world."""


class CheckpointedPromise(Promise):
    """The promise, with what a takeover may take back."""

    state: ClassVar[type[Ledger]] = CheckpointedLedger

    def initial(self, anything: CheckpointedLedger) -> CheckpointedLedger:  # type: ignore[override]
        """No checkpoint has been taken, and nothing sent."""
        return self.unprotected(anything.but(**vars(super().initial(anything))))

    def unprotected(self, a: CheckpointedLedger) -> CheckpointedLedger:
        """There is no checkpoint, and the world has seen nothing."""
        return self.let_out(a).but(exists=False)

    def let_out(self, a: CheckpointedLedger) -> CheckpointedLedger:
        """Nothing has to be held back: whatever the guest has sent, nobody goes back to before it."""
        nothing = a.released.cleared()
        return a.but(fresh=nothing, of_taken=nothing, covered=nothing, released=nothing)

    @guest
    def emit(self, a: CheckpointedLedger, packet: Packet) -> CheckpointedLedger:
        """The guest sends something to the world. It is held back."""
        need(a.source_runs, "the source runs")
        need(neg(a.of_taken[packet] | a.covered[packet]), "it has not been sent before")
        return a.but(fresh=a.fresh.add(packet))

    @engine
    def capture(self, a: CheckpointedLedger) -> CheckpointedLedger:
        """A checkpoint is taken of the guest, which stands still."""
        need(neg(a.source_runs) & neg(a.target_runs), "nobody runs")
        return a.but(taken=a.last, of_taken=a.fresh, fresh=a.fresh.cleared())

    @engine
    def whole(self, a: CheckpointedLedger) -> CheckpointedLedger:
        """The target has all of the checkpoint that was taken last."""
        need(neg(a.target_runs), "the target does not run yet")
        return a.but(checkpoint=a.taken, exists=True, covered=a.covered | a.of_taken)

    @engine
    def release(self, a: CheckpointedLedger, packet: Packet) -> CheckpointedLedger:
        """Something that the guest sent is let out to the world."""
        need(a.covered[packet], "a whole checkpoint knows that it was sent")
        return a.but(released=a.released.add(packet))

    @engine
    def take_over(self, a: CheckpointedLedger) -> CheckpointedLedger:
        """The source is gone: the guest goes on at the target, as it was at the last whole checkpoint."""
        need(a.exists, "there is a whole checkpoint")
        need(neg(a.source_runs), "the source stands still")
        need(neg(a.given_up | a.target_runs), "the guest has not been handed over")
        need(neg(a.fenced), "the target has not been fenced")
        return a.but(
            last=a.checkpoint,
            held=a.checkpoint,
            owed=a.owed.cleared(),
            context_owed=False,
            given_up=True,
            target_runs=True,
            fresh=a.fresh.cleared(),
        )

    @operator
    def forget(self, a: CheckpointedLedger, told: Flag) -> CheckpointedLedger:
        """The guest is protected no more, and the checkpoint counts for nothing; ``told``: the target hears of it."""
        need(neg(a.target_runs), "the target does not run yet")
        need(neg(a.source_lost), "the guest can go on at the source")
        need(told | a.fenced, "the target hears of it, or has been fenced")
        return a.but(exists=False)

    def abandon(self, a: CheckpointedLedger) -> Ledger:  # type: ignore[override]
        """What was held back need not be any more."""
        return super().abandon(self.let_out(a))

    @invariant(Contract.PROMISE, "I-CONS", goal=True)
    def what_the_world_has_seen_the_guest_still_knows(self, a: CheckpointedLedger, packet: Packet) -> bool:
        """Whatever a takeover takes back, no packet that was let out is among it."""
        return implies(a.released[packet], a.covered[packet])

    @law(Contract.PROMISE, "I-CONS", "I-ONE")
    def a_takeover_goes_back_to_the_last_whole_checkpoint(
        self, before: CheckpointedLedger, after: CheckpointedLedger, page: Pfn, word: Word, vpn: Vpn, cpu: Cpu
    ) -> bool:
        """A load after it returns what was stored last before that checkpoint was taken."""
        taken_over = after.target_runs & neg(before.target_runs | before.given_up)
        last, then = after.last, before.checkpoint
        back = (
            (last.memory[page, word] == then.memory[page, word])
            & same_entry(then.table, last.table, vpn)
            & (last.registers[cpu] == then.registers[cpu])
        )
        return implies(taken_over, before.exists & back)

    def leads_to(  # type: ignore[override]
        self,
        a: CheckpointedLedger,
        b: CheckpointedLedger,
        page: Pfn,
        word: Word,
        vpn: Vpn,
        cpu: Cpu,
        packet: Packet,
    ) -> bool:
        """And what was taken, sent and let out is the same."""
        return (
            super().leads_to(a, b, page, word, vpn, cpu)
            & _same(a.taken, b.taken, page, word, vpn, cpu)
            & _same(a.checkpoint, b.checkpoint, page, word, vpn, cpu)
            & iff(a.exists, b.exists)
            & iff(a.fresh[packet], b.fresh[packet])
            & iff(a.of_taken[packet], b.of_taken[packet])
            & iff(a.covered[packet], b.covered[packet])
            & iff(a.released[packet], b.released[packet])
        )


def _same(ours: Visible, theirs: Visible, page: int, word: int, vpn: int, cpu: int) -> bool:
    """The two are the same there."""
    return (
        (ours.memory[page, word] == theirs.memory[page, word])
        & same_entry(ours.table, theirs.table, vpn)
        & (ours.registers[cpu] == theirs.registers[cpu])
    )
