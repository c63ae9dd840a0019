"""Checkpoints (Remus, NSDI'08): the guest runs on at the source, and the target could go on from the last of them.

    pause -> last harvest, pages and context into the epoch -> taken -> the source goes on
                                          the epoch arrives -> whole -> applied, acknowledged -> output is let out

A round becomes an epoch. The first checkpoint comes as a migration does; from then on the target buffers what arrives
(libxc's ``buffer_all_records`` [D]), and touches its memory only when it has all of an epoch. Should the source die,
what is not whole counts for nothing. What the guest sends to the world is held back until the checkpoint that knows of
it is acknowledged.

``takeover`` has how it ends.
"""

from typing import ClassVar

from refmodel.checkpointed_promise import CheckpointedPromise
from refmodel.handover.checkpoint_state import Context, Epoch, K
from refmodel.handover.hand_over import HandOverSteps
from refmodel.language import Packet, Pfn, Word, engine, guest, need, neg, pick
from refmodel.promise import Promise, Visible
from refmodel.rounds.log_dirty_op import LogDirtyOp
from refmodel.state import Phase, Stage

__all__ = ["CheckpointSteps"]


class CheckpointSteps(LogDirtyOp[K], HandOverSteps[K]):
    """It needs a harvest that protects (``protect-at-harvest``): the source runs on after its last one."""

    promise: ClassVar[type[Promise]] = CheckpointedPromise

    def initial(self, anything: K) -> K:
        """Nothing has been taken, nothing sent to the world."""
        return self.unprotected(super().initial(anything))

    def unprotected(self, m: K) -> K:
        """There is no checkpoint, and nothing has to be held back."""
        marks, out = m.checkpoints, m.output
        buffered, nothing = marks.buffered.cleared(), out.fresh.cleared()
        return m.but(
            checkpoints=marks.but(
                exists=False, epoch=Epoch.OPEN, acknowledged=True, taken_here=False, buffered=buffered
            ),
            output=out.but(fresh=nothing, taken=nothing, free=nothing, released=nothing, covered=nothing),
        )

    # an epoch's pages

    def delivered(self, m: K, page: int, word: int, value: int) -> K:
        """It is buffered, once there is a checkpoint to go back to."""
        return self.buffered(m, page, word, value) if self.is_buffering(m) else super().delivered(m, page, word, value)

    def held_before(self, m: K, page: int, word: int, value: int) -> K:
        """There is no checkpoint by then."""
        return super().delivered(m, page, word, value)

    def delivered_whole(self, m: K, page: int, value: int) -> K:
        """The same for all of a page."""
        if not self.is_buffering(m):
            return super().delivered_whole(m, page, value)
        marks = m.checkpoints
        buffer = marks.buffer.made(lambda p, w: pick(p == page, value, marks.buffer[p, w]))
        return m.but(checkpoints=marks.but(buffer=buffer, buffered=marks.buffered.where(lambda p, w: p == page, True)))

    def is_buffering(self, m: K) -> bool:
        """What arrives must not touch the target's memory."""
        return m.checkpoints.exists

    def buffered(self, m: K, page: int, word: int, value: int) -> K:
        """The word waits for its epoch to be whole; a later version takes the place of an earlier one."""
        marks = m.checkpoints
        buffer, words = marks.buffer.set((page, word), value), marks.buffered.add((page, word))
        return m.but(checkpoints=marks.but(buffer=buffer, buffered=words))

    def in_flight(self, m: K, page: int) -> bool:
        """Some word of it has not been applied."""
        waits = neg(m.checkpoints.buffered.never(lambda p, w: p == page))
        return super().in_flight(m, page) | waits

    def transfer_clear(self, m: K, page: int) -> K:
        """An epoch's pages are sent once the one before has been acknowledged and applied."""
        need(self.is_between_epochs(m), "the last checkpoint has been acknowledged and applied")
        return super().transfer_clear(m, page)

    def pause(self, m: K) -> K:
        """So is the next checkpoint taken."""
        need(self.is_between_epochs(m), "the last checkpoint has been acknowledged and applied")
        return super().pause(m)

    def is_between_epochs(self, m: K) -> bool:
        """Nothing of an earlier epoch is under way."""
        return m.checkpoints.acknowledged & (m.checkpoints.epoch == Epoch.OPEN)

    def is_settled(self, m: K) -> bool:
        """To hand the guest over for good, the last epoch has to be applied."""
        return self.is_handed_over(m) & m.checkpoints.buffered.is_empty & (m.checkpoints.epoch == Epoch.OPEN)

    def is_handed_over(self, m: K) -> bool:
        """All that the machine's other parts have still to send has been sent."""
        return super().is_settled(m)

    # a checkpoint

    @engine
    def checkpoint_take(self, m: K) -> K:
        """All of the epoch has been handed over: what the guest is now is the checkpoint."""
        need(m.phase == Phase.STOP_AND_COPY, "the source stands still and has been harvested")
        need(self.is_between_epochs(m) & neg(m.checkpoints.taken_here), "this stop's checkpoint has not been taken")
        need(m.transfer.stage == Stage.IDLE, "the engine is between two pages")
        need(m.rounds.to_send.is_empty & self.is_handed_over(m), "no page is owed")
        need(self.has_context(m), "table, registers and configuration have been sent")
        out, source = m.output, m.source
        now = Visible(source.memory, source.table, source.registers)
        return m.but(
            checkpoints=m.checkpoints.but(epoch=Epoch.SENT, acknowledged=False, taken_here=True),
            output=out.but(taken=out.fresh, fresh=out.fresh.cleared()),
            snapshots=m.snapshots.but(taken=now),
        )

    def has_context(self, m: K) -> bool:
        """The context is part of the checkpoint."""
        return m.hand_over.registers_sent.is_full & m.hand_over.table_sent & m.hand_over.configured

    @engine
    def checkpoint_resume(self, m: K) -> K:
        """The source goes on: its checkpoint has been taken. The next one has a context of its own."""
        need(m.phase == Phase.STOP_AND_COPY, "the source stands still and has been harvested")
        need(m.checkpoints.taken_here, "this stop's checkpoint has been taken")
        self.need_set_up(m)
        hand_over = m.hand_over
        return m.but(
            phase=Phase.LIVE,
            checkpoints=m.checkpoints.but(taken_here=False),
            hand_over=hand_over.but(
                source_runs=True, table_sent=False, registers_sent=hand_over.registers_sent.cleared()
            ),
        )

    @engine
    def checkpoint_whole(self, m: K) -> K:
        """The end of the epoch arrives: the target has all of it, and goes back no further than to this."""
        need(m.checkpoints.epoch == Epoch.SENT, "a checkpoint is on its way")
        need(self.is_heard(m), "what is on its way arrives")
        return m.but(
            checkpoints=m.checkpoints.but(
                epoch=Epoch.WHOLE, exists=True, kept=Context(m.target.table, m.target.registers)
            ),
            output=m.output.but(covered=m.output.covered | m.output.taken),
            snapshots=m.snapshots.but(whole=m.snapshots.taken),
        )

    @engine
    def checkpoint_apply(self, m: K, page: Pfn, word: Word) -> K:
        """A word of a whole epoch is written to the target's memory."""
        marks = m.checkpoints
        need(self.may_start(m), "the target is there, and has not been fenced")
        need(self.may_apply(m), "the epoch is whole")
        need(marks.buffered[page, word], "the word has been buffered")
        memory = m.target.memory.set((page, word), marks.buffer[page, word])
        return m.but(
            target=m.target.but(memory=memory),
            checkpoints=marks.but(buffered=marks.buffered.discard((page, word))),
        )

    def may_apply(self, m: K) -> bool:
        """Not before: what is half there cannot be taken back."""
        return m.checkpoints.epoch == Epoch.WHOLE

    @engine
    def checkpoint_applied(self, m: K) -> K:
        """All of the epoch is in the target's memory."""
        need(self.may_start(m), "the target is there, and has not been fenced")
        need(m.checkpoints.epoch == Epoch.WHOLE, "the epoch is whole")
        need(m.checkpoints.buffered.is_empty, "all of it has been applied")
        return m.but(checkpoints=m.checkpoints.but(epoch=Epoch.OPEN))

    @engine
    def checkpoint_acknowledged(self, m: K) -> K:
        """The source learns that the checkpoint is whole: what the guest sent before it may be let out."""
        need(self.is_under_way(m) & neg(m.checkpoints.acknowledged), "the source waits for it")
        need(self.may_acknowledge(m), "the target has all of the checkpoint")
        need(self.is_heard(m), "its word reaches the source")
        out = m.output
        return m.but(
            checkpoints=m.checkpoints.but(acknowledged=True),
            output=out.but(free=out.free | out.taken),
        )

    def may_acknowledge(self, m: K) -> bool:
        """From the time at which it is whole; that it has been applied need not be waited for."""
        return m.checkpoints.epoch != Epoch.SENT

    # the world outside

    @guest
    def guest_send(self, m: K, packet: Packet) -> K:
        """The guest sends something to the world: it is held back."""
        need(self.runs(m), "the source runs")
        out = m.output
        need(neg(out.fresh[packet] | out.taken[packet] | out.free[packet]), "it has not been sent before")
        return m.but(output=out.but(fresh=out.fresh.add(packet)))

    @engine
    def output_release(self, m: K, packet: Packet) -> K:
        """Something that was held back is let out."""
        need(self.is_migrating(m), "the guest is protected by checkpoints")
        need(self.may_release(m, packet), "the checkpoint that knows of it has been acknowledged")
        need(neg(m.output.released[packet]), "it has not been let out")
        return m.but(output=m.output.but(released=m.output.released.add(packet)))

    def may_release(self, m: K, packet: int) -> bool:
        """The source was told that the target would know of it."""
        return m.output.free[packet]
