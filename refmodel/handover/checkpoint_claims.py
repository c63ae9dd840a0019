"""What checkpoints have to be: whole, or of no account; and nobody outside may know of more than they do."""

from refmodel.handover.checkpoint_state import Epoch, K
from refmodel.handover.takeover import Takeover
from refmodel.language import Contract, Cpu, Packet, Pfn, Vpn, Word, implies, invariant, law, neg, pick
from refmodel.state import Phase, Stage, same_entry

__all__ = ["CheckpointStream"]


class CheckpointStream(Takeover[K]):
    """The claims; a takeover is one more way for the target to start."""

    leaves_out = frozenset({"the_target_starts_only_once_it_has_acknowledged"})

    @law(Contract.HAND_OVER, "I-ONE", "R12")
    def the_target_starts_once_it_has_acknowledged_or_the_source_is_gone(self, before: K, after: K) -> bool:
        """Two ways: it was handed the guest, or it takes over from a source that does not run any more."""
        starts = after.hand_over.target_runs & neg(before.hand_over.target_runs)
        takes_over = before.checkpoints.exists & neg(after.hand_over.source_runs)
        return implies(starts, (before.phase == Phase.ACKNOWLEDGED) | takes_over)

    @law(Contract.HAND_OVER, "I-CONS", "I-ONE")
    def a_takeover_goes_on_from_the_last_whole_checkpoint(
        self, before: K, after: K, page: Pfn, word: Word, vpn: Vpn, cpu: Cpu
    ) -> bool:
        """Memory, table and registers are those of one moment, at which the guest stood still."""
        starts = after.hand_over.target_runs & neg(before.hand_over.target_runs)
        taken_over, then, now = starts & (before.phase != Phase.ACKNOWLEDGED), before.snapshots.whole, after.target
        same = (
            (now.memory[page, word] == then.memory[page, word])
            & same_entry(then.table, now.table, vpn)
            & (now.registers[cpu] == then.registers[cpu])
        )
        return implies(taken_over, same)

    @invariant(Contract.TRANSPORT, "I-CONS", goal=True)
    def until_an_epoch_is_whole_the_targets_memory_is_the_last_checkpoint(self, m: K, page: Pfn, word: Word) -> bool:
        """Whatever has arrived since."""
        steady = self.is_protected(m) & m.checkpoints.exists & (m.checkpoints.epoch != Epoch.WHOLE)
        return implies(steady, m.target.memory[page, word] == m.snapshots.whole.memory[page, word])

    @invariant(Contract.TRANSPORT, "I-CONS", goal=True)
    def an_epoch_that_was_taken_brings_memory_to_its_checkpoint(self, m: K, page: Pfn, word: Word) -> bool:
        """What is buffered, over what the target's memory holds."""
        marks = m.checkpoints
        held = pick(marks.buffered[page, word], marks.buffer[page, word], m.target.memory[page, word])
        return implies(marks.epoch != Epoch.OPEN, held == m.snapshots.taken.memory[page, word])

    @invariant(Contract.HAND_OVER, "I-CONS", goal=True)
    def the_context_that_is_kept_is_the_last_checkpoints(self, m: K, vpn: Vpn, cpu: Cpu) -> bool:
        """The target would start with it."""
        kept, whole = m.checkpoints.kept, m.snapshots.whole
        same = same_entry(whole.table, kept.table, vpn) & (kept.registers[cpu] == whole.registers[cpu])
        return implies(self.is_protected(m) & m.checkpoints.exists, same)

    @invariant(Contract.HAND_OVER, "R12")
    def in_the_table_of_a_checkpoint_a_writable_entry_is_present(self, m: K, vpn: Vpn) -> bool:
        """As in the guest's, which it was: who takes over from it may be migrated again."""
        taken, whole = m.snapshots.taken.table, m.snapshots.whole.table
        of_taken = implies(taken.writable[vpn], taken.present[vpn]) | (m.checkpoints.epoch == Epoch.OPEN)
        return of_taken & implies(m.checkpoints.exists & whole.writable[vpn], whole.present[vpn])

    @invariant(Contract.HAND_OVER, "I-CONS")
    def the_context_of_an_epoch_on_its_way_is_its_checkpoints(self, m: K, vpn: Vpn, cpu: Cpu) -> bool:
        """It was sent while the guest stood still."""
        target, taken = m.target, m.snapshots.taken
        same = same_entry(taken.table, target.table, vpn) & (target.registers[cpu] == taken.registers[cpu])
        return implies(m.checkpoints.epoch == Epoch.SENT, same)

    @invariant(Contract.HAND_OVER, "I-CONS")
    def the_epoch_that_is_applied_is_the_last_checkpoint(self, m: K, page: Pfn, word: Word, vpn: Vpn, cpu: Cpu) -> bool:
        """None is taken before the one before it has been applied."""
        taken, whole = m.snapshots.taken, m.snapshots.whole
        same = (
            (taken.memory[page, word] == whole.memory[page, word])
            & same_entry(taken.table, whole.table, vpn)
            & (taken.registers[cpu] == whole.registers[cpu])
        )
        return implies(m.checkpoints.epoch == Epoch.WHOLE, m.checkpoints.exists & same)

    @invariant(Contract.TRANSPORT, "I-ORDER")
    def a_word_that_is_not_buffered_has_been_applied(self, m: K, page: Pfn, word: Word) -> bool:
        """And what is buffered is what was read last."""
        marks = m.checkpoints
        held = pick(marks.buffered[page, word], marks.buffer[page, word], m.target.memory[page, word])
        return implies(m.phase != Phase.AFTER, held == m.ghost.copied[page, word])

    @invariant(Contract.TRANSPORT, "I-CLEAN")
    def words_are_buffered_only_between_a_checkpoint_and_the_end(self, m: K, page: Pfn, word: Word) -> bool:
        """Nothing of an epoch is left before the first, after the last, or after an abort; or what is whole, where the
        source died."""
        running = (m.phase == Phase.LIVE) | (m.phase == Phase.PAUSED) | (m.phase == Phase.STOP_AND_COPY)
        applied_yet = self.is_orphaned(m) & (m.checkpoints.epoch == Epoch.WHOLE)
        return implies(m.checkpoints.buffered[page, word], m.checkpoints.exists & (running | applied_yet))

    @invariant(Contract.HAND_OVER, "I-CLEAN")
    def there_is_a_checkpoint_only_from_the_first_stop_on(self, m: K) -> bool:
        """An earlier migration leaves none to go back to, unless its source died."""
        aborted = (m.phase == Phase.ABORTED) & m.hand_over.source_runs
        early = (m.phase == Phase.BEFORE) | (m.phase == Phase.SETUP) | aborted
        return implies(m.checkpoints.exists, neg(early))

    @invariant(Contract.HAND_OVER)
    def a_checkpoint_is_on_its_way_only_from_its_stop_on(self, m: K) -> bool:
        """In its own stop, or while the guest runs after it."""
        marks = m.checkpoints
        under_way = neg(marks.acknowledged) | (marks.epoch != Epoch.OPEN)
        here = (m.phase == Phase.STOP_AND_COPY) & marks.taken_here
        over = (m.phase == Phase.COMMITTED) | (m.phase == Phase.ACKNOWLEDGED) | (m.phase == Phase.AFTER)
        alone = self.is_orphaned(m) & marks.acknowledged & (marks.epoch == Epoch.WHOLE)
        return implies(under_way, here | (m.phase == Phase.LIVE) | (over & (marks.epoch == Epoch.OPEN)) | alone)

    @invariant(Contract.HAND_OVER)
    def a_stop_whose_checkpoint_was_taken_has_sent_everything(self, m: K, cpu: Cpu) -> bool:
        """So that nothing more of it travels."""
        hand_over = m.hand_over
        sent = hand_over.registers_sent[cpu] & hand_over.table_sent & (m.transfer.stage == Stage.IDLE)
        at_stop = (m.phase == Phase.STOP_AND_COPY) & m.checkpoints.taken_here
        return implies(at_stop, sent & m.rounds.to_send.is_empty)

    @invariant(Contract.HAND_OVER)
    def a_checkpoint_has_been_taken_only_at_a_stop(self, m: K) -> bool:
        """When the guest goes on, the next stop takes its own."""
        past = (m.phase == Phase.STOP_AND_COPY) | self.is_committed(m) | (m.phase == Phase.AFTER)
        return implies(m.checkpoints.taken_here, past)

    @invariant(Contract.TRANSPORT)
    def pages_are_in_hand_only_between_epochs(self, m: K) -> bool:
        """What is sent belongs to the epoch that is open."""
        return (m.transfer.stage == Stage.IDLE) | self.is_between_epochs(m)

    @invariant(Contract.HAND_OVER, "I-CONS")
    def a_checkpoint_on_its_way_is_not_acknowledged(self, m: K) -> bool:
        """Only the target can say that it is whole."""
        return implies(m.checkpoints.epoch == Epoch.SENT, neg(m.checkpoints.acknowledged))

    @invariant(Contract.HAND_OVER, "I-CONS", goal=True)
    def what_was_let_out_the_last_checkpoint_knows(self, m: K, packet: Packet) -> bool:
        """No output of a later epoch: whoever takes over has sent all that the world has seen."""
        return implies(m.output.released[packet], m.output.covered[packet])

    @invariant(Contract.HAND_OVER, "I-CONS")
    def what_may_be_let_out_the_last_checkpoint_knows(self, m: K, packet: Packet) -> bool:
        """And all that was sent before a checkpoint that has arrived."""
        arrived = neg(self.is_unprotected(m)) & m.output.taken[packet] & (m.checkpoints.epoch != Epoch.SENT)
        return implies(m.output.free[packet] | arrived, m.output.covered[packet])

    @invariant(Contract.HAND_OVER, "I-CONS")
    def what_a_checkpoint_knows_was_held_back_until_then(self, m: K, packet: Packet) -> bool:
        """It is sent once."""
        return implies(m.output.covered[packet], m.output.taken[packet] | m.output.free[packet])

    @invariant(Contract.HAND_OVER, "I-CONS")
    def what_the_source_was_told_is_free(self, m: K, packet: Packet) -> bool:
        """Nothing of an acknowledged epoch stays held back."""
        told = neg(self.is_unprotected(m)) & m.checkpoints.acknowledged
        return implies(told & m.output.taken[packet], m.output.free[packet])

    def is_unprotected(self, m: K) -> bool:
        """The source is gone, or the guest: what was held back then nobody counts any more."""
        return (m.phase == Phase.AFTER) | ((m.phase == Phase.ABORTED) & neg(m.hand_over.source_runs))
