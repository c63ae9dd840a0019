"""Checkpoints by hand: what the target has, and what is let out, from one epoch to the next."""

from typing import Any

from refmodel.handover.checkpoint_state import Epoch
from refmodel.language import Action
from refmodel.oracle.observed import judged
from refmodel.oracle.observer import Observer
from refmodel.refinement import abstraction
from refmodel.state import Phase
from tests.parts.harvesting import Harvesting

BETWEEN = "the last checkpoint has been acknowledged and applied"


class Checkpointing(Harvesting):
    """A machine with checkpoints under a test's hand, of one CPU."""

    spec: Any

    def __init__(self, name: str = "bare+checkpoints") -> None:
        super().__init__(name, cpu=1, pfn=2, vpn=2)
        self.observer = Observer(self.spec, self.m)

    def do(self, step: str, *arguments: Any) -> Any:
        before = self.m
        super().do(step, *arguments)
        self.observer.take(before, Action(step, arguments), self.m)
        return self.m

    def take(self) -> "Checkpointing":
        """Stop, send what is owed and the context, and take the checkpoint."""
        self.stop()
        self.send()
        self.do("send_registers", 0)
        self.do("send_table")
        self.do("checkpoint_take")
        return self

    def apply(self) -> "Checkpointing":
        """What is buffered of a whole checkpoint."""
        for page, word in self.m.checkpoints.buffered.members():
            self.do("checkpoint_apply", page, word)
        self.do("checkpoint_applied")
        return self

    def checkpoint(self) -> "Checkpointing":
        """A whole one, to its acknowledgement; the source runs on."""
        self.take()
        self.do("checkpoint_resume")
        self.do("checkpoint_whole")
        self.apply()
        self.do("checkpoint_acknowledged")
        return self

    @property
    def found(self) -> list[str]:
        """What the oracle says of the run."""
        self.observer.end(self.m)
        verdict = judged(self.observer.recordings)
        return [finding.rule for finding in verdict.findings] or [verdict.verdict]


def protected() -> Checkpointing:
    d = Checkpointing()
    d.set_up((0, 0), (1, 1))
    d.checkpoint()
    return d


def test_a_takeover_takes_back_what_was_stored_since() -> None:
    d = protected()
    d.store(0, 0, 1)
    d.do("take_over")
    assert (d.m.phase, d.m.hand_over.source_runs, d.m.hand_over.target_runs) == (Phase.AFTER, False, True)
    assert d.m.target.memory[0, 0] == 0
    assert abstraction(d.spec, d.m).last.memory[0, 0] == 0
    assert d.found == ["accepted"]


def test_it_goes_back_to_the_last_checkpoint_that_is_whole() -> None:
    d = protected()
    d.store(0, 0, 1)
    d.checkpoint()
    d.store(0, 0, 2)
    d.take()
    assert d.m.checkpoints.epoch == Epoch.SENT
    d.do("take_over")
    assert d.m.target.memory[0, 0] == 1
    assert d.found == ["accepted"]


def test_a_checkpoint_that_has_not_been_acknowledged_is_whole_all_the_same() -> None:
    d = protected()
    d.store(0, 0, 1)
    d.take()
    d.do("checkpoint_whole")
    d.refuses("a whole checkpoint is all that is in the target's memory", "take_over")
    d.apply()
    d.do("take_over")
    assert d.m.target.memory[0, 0] == 1
    assert d.found == ["accepted"]


def test_what_arrives_is_buffered_until_the_epoch_is_whole() -> None:
    d = protected()
    d.store(0, 0, 1)
    d.stop()
    d.send()
    assert d.m.checkpoints.buffered.members() == [(0, 0)]
    assert (d.m.target.memory[0, 0], d.m.checkpoints.buffer[0, 0]) == (0, 1)
    d.refuses("the epoch is whole", "checkpoint_apply", 0, 0)
    d.refuses("table, registers and configuration have been sent", "checkpoint_take")


def test_there_is_no_takeover_before_the_first_checkpoint() -> None:
    d = Checkpointing()
    d.set_up()
    d.take()
    d.refuses("a whole checkpoint is all that is in the target's memory", "take_over")
    d.do("checkpoint_whole")
    d.apply()
    d.do("take_over")


def test_output_is_held_back_until_its_checkpoint_is_acknowledged() -> None:
    d = protected()
    d.do("guest_send", 0)
    d.refuses("it has not been sent before", "guest_send", 0)
    d.take()
    d.do("checkpoint_resume")
    d.refuses("the checkpoint that knows of it has been acknowledged", "output_release", 0)
    d.refuses("the target has all of the checkpoint", "checkpoint_acknowledged")
    d.do("checkpoint_whole")
    d.do("checkpoint_acknowledged")
    d.do("output_release", 0)
    d.refuses(BETWEEN, "pause")
    d.apply()
    d.do("take_over")
    assert d.found == ["accepted"]


def test_the_guest_can_also_be_handed_over_for_good() -> None:
    d = protected()
    d.store(0, 0, 1)
    d.take()
    d.refuses("no page is owed", "commit")
    d.do("checkpoint_whole")
    d.apply()
    for step in ("commit", "acknowledge", "activate"):
        d.do(step)
    assert d.m.target.memory[0, 0] == 1
    assert d.found == ["accepted"]


def test_an_abort_ends_the_protection() -> None:
    d = protected()
    d.store(0, 0, 1)
    d.stop()
    d.send()
    d.do("abort")
    assert not d.m.checkpoints.exists
    assert d.m.checkpoints.buffered.is_empty
    d.refuses("the guest is protected by checkpoints", "take_over")
    assert d.found == ["accepted"]


def failing() -> Checkpointing:
    d = Checkpointing("seed+checkpoints")
    d.set_up((0, 0), (1, 1))
    return d


def recoverable(d: Checkpointing) -> bool:
    return bool(d.spec.is_recoverable(d.m))


def test_before_the_first_checkpoint_the_guest_dies_with_the_source() -> None:
    d = failing()
    d.do("lose_source")
    assert not recoverable(d)
    d.refuses("the guest is protected by checkpoints", "take_over")


def test_a_guest_with_a_checkpoint_outlives_the_source() -> None:
    d = failing()
    d.checkpoint()
    d.store(0, 0, 1)
    d.do("lose_source")
    assert recoverable(d)
    assert not d.m.hand_over.source_runs
    d.do("take_over")
    assert (d.m.phase, d.m.target.memory[0, 0]) == (Phase.AFTER, 0)
    assert d.found == ["accepted"]


def test_what_was_whole_when_the_source_died_is_applied_first() -> None:
    d = failing()
    d.checkpoint()
    d.store(0, 0, 1)
    d.take()
    d.do("checkpoint_whole")
    d.do("lose_source")
    d.refuses("a whole checkpoint is all that is in the target's memory", "take_over")
    d.apply()
    d.do("take_over")
    assert d.m.target.memory[0, 0] == 1
    assert d.found == ["accepted"]


def test_what_was_on_its_way_when_the_source_died_does_not_come() -> None:
    d = failing()
    d.checkpoint()
    d.store(0, 0, 1)
    d.take()
    d.do("lose_source")
    d.refuses("a checkpoint is on its way", "checkpoint_whole")
    d.do("take_over")
    assert d.m.target.memory[0, 0] == 0
    assert d.found == ["accepted"]


def test_over_a_broken_wire_no_checkpoint_comes_and_nothing_is_acknowledged() -> None:
    d = failing()
    d.checkpoint()
    d.take()
    d.do("lose_wire")
    d.refuses("what is on its way arrives", "checkpoint_whole")
    d = failing()
    d.checkpoint()
    d.take()
    d.do("checkpoint_whole")
    d.do("lose_wire")
    d.refuses("its word reaches the source", "checkpoint_acknowledged")


def test_a_source_that_hears_nothing_gives_protection_up_only_once_the_target_is_fenced() -> None:
    d = failing()
    d.checkpoint()
    d.refuses("the source has committed, or hears nothing any more", "find_out")
    d.do("lose_wire")
    d.refuses("the target hears of it, or is fenced", "abort")
    d.refuses("the target hears of it, or is fenced", "wire_error")
    d.do("find_out")
    d.refuses("the target is there, and has not been fenced", "take_over")
    d.do("wire_error")
    assert (d.m.phase, d.m.hand_over.source_runs, d.m.checkpoints.exists) == (Phase.ABORTED, True, False)
    d.refuses("the guest is protected by checkpoints", "take_over")


def test_a_target_that_died_takes_over_nothing() -> None:
    d = failing()
    d.checkpoint()
    d.do("lose_target")
    d.refuses("the target is there, and has not been fenced", "take_over")
    assert recoverable(d)
    d.do("lose_source")
    assert not recoverable(d)


def test_the_targets_death_after_the_sources_loses_a_guest_that_had_a_checkpoint() -> None:
    d = failing()
    d.checkpoint()
    d.do("lose_source")
    d.do("lose_target")
    d.refuses("the target is there, and has not been fenced", "take_over")
    assert not recoverable(d)
    assert d.found == ["unusable"]  # there is nobody left to look at


def test_a_target_that_was_fenced_takes_over_nothing_though_the_source_dies_later() -> None:
    d = failing()
    d.checkpoint()
    d.do("lose_wire")
    d.do("find_out")
    d.do("lose_source")
    d.refuses("the target is there, and has not been fenced", "take_over")
    assert not recoverable(d)


def test_what_an_earlier_protection_held_back_the_next_one_knows_nothing_of() -> None:
    d = Checkpointing("bare+checkpoints+second-hop")
    d.set_up((0, 0), (1, 1))
    d.do("guest_send", 0)
    d.take()
    d.do("checkpoint_resume")
    d.do("abort")
    d.do("begin")
    d.protect_all()
    d.do("send_configuration")
    d.do("start_rounds")
    d.checkpoint()
    d.refuses("the checkpoint that knows of it has been acknowledged", "output_release", 0)
    d.do("guest_send", 0)
    d.checkpoint()
    d.do("output_release", 0)
    d.do("take_over")
    d.do("go_on_from_target")
    d.do("target_holds", 0, 0, 1)
    d.do("guest_send", 0)
