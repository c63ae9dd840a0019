"""What a recorder would have seen of a run: the events of level A.

Nothing here knows the steps of any machine. Stores and sends are what the refinement's witness says of a step; who
runs, and who gave up, shows in the states before and after it. What was stored is told by the promise's ledger, which
never looks at the state that a wrong variant made, so that the judge has two independent witnesses of each page.
"""

from collections.abc import Iterator
from typing import Any

from refmodel.language import Action, Actor
from refmodel.migration import AnyMachine
from refmodel.oracle.events import (
    VERSION,
    Abort,
    Activate,
    Begin,
    Block,
    Checkpoint,
    Commit,
    Discard,
    Done,
    Emit,
    Event,
    Memory,
    Output,
    Pause,
    Release,
    Resume,
    Round,
    Send,
    Side,
    Store,
    Takeover,
    Whole,
)
from refmodel.oracle.observed_hosts import deaths, has_requests, images, what_is_known
from refmodel.oracle.observed_pages import BLOCK, Arriving, digest, side_of
from refmodel.oracle.observed_residue import residue
from refmodel.refinement import seen, witness
from refmodel.schedules.replay import Watch
from refmodel.state import Phase, same_entry

__all__ = ["BLOCK", "Observer"]


class Observer:
    """Follows a run step by step; ``recordings`` has the events of each migration that it began, one after another."""

    def __init__(self, spec: AnyMachine, start: Any) -> None:
        self._spec = spec
        self._watch = Watch(spec, start)
        self._pages, self._words = start.source.memory.shape
        self.recordings: list[list[Event]] = []
        self._arriving = Arriving(start.target.memory)
        self._told: set[Side] = set()
        """The sides whose memory has been told."""
        self._is_over = False
        """The host that received the guest is the source of another migration, which has not begun."""

    def take(self, before: Any, action: Action, after: Any) -> None:
        """Follow one step."""
        promised = witness(self._spec, before, action)
        self._watch.step(before, action, after)
        goes_on = any(step.step == "go_on" for step in promised)
        if goes_on and self.recordings and self._awaited(before):
            self.recordings[-1].append(Done())  # whoever moves a guest on takes it for whole
        self._is_over |= goes_on
        if self._begins(before, after):
            self._begin(after)
        if self.recordings and not self._is_over and not goes_on:
            is_engines = self._spec.steps[action.step].actor is Actor.ENGINE
            self.recordings[-1] += self._events(before, promised, after, is_engines)

    def end(self, m: Any) -> None:
        """The run ends here: if nobody runs, what both sides hold is told."""
        if self.recordings and not m.hand_over.source_runs and self._is_going_on():
            self.recordings[-1] += [*self._sends(m, everything=True), *self._memories(m)]

    def _begins(self, before: Any, after: Any) -> bool:
        return bool(self._spec.is_migrating(after)) and before.phase in (Phase.BEFORE, Phase.ABORTED, Phase.AFTER)

    def _begin(self, m: Any) -> None:
        self.recordings.append([Begin(VERSION, (Block(BLOCK, self._pages),), "all")])
        self.recordings[-1] += [Release(BLOCK, page) for page in range(self._pages) if not self._spec.matters(m, page)]
        self.recordings[-1] += [Emit(str(packet)) for packet in self._sent_before()]
        self._arriving, self._told, self._is_over = Arriving(m.target.memory), set(), False

    def _sent_before(self) -> list[int]:
        """Packets that the guest has sent, and that no checkpoint knows of yet."""
        fresh = getattr(self._watch.ledger, "fresh", None)
        return [] if fresh is None else [packet for packet in range(fresh.shape[0]) if fresh[packet]]

    def _is_going_on(self) -> bool:
        return not any(isinstance(event, Activate | Abort | Takeover) for event in self.recordings[-1])

    def _events(self, before: Any, promised: list[Action], after: Any, is_engines: bool) -> Iterator[Event]:
        then, now = before.hand_over, after.hand_over
        stored = {step.arguments[0] for step in promised if step.step in ("store", "renew")}
        for page in sorted(stored):
            yield self._store(before, after, page)
        for step in promised:
            if step.step in ("deliver", "deliver_whole"):
                self._arriving.take(step, is_engines)
        for page in range(self._pages):
            if (page in stored or self._spec.matters(before, page)) and not self._matters(after, page):
                yield Release(BLOCK, page)
        if not now.target_runs:
            yield from (Discard(BLOCK, page, 1) for page in sorted(self._awaited(after) - self._awaited(before)))
        is_late = then.source_runs and not now.source_runs
        yield from self._sends(after, everything=is_late or now.target_runs)
        if now.target_runs and self._awaited(before) and not self._awaited(after):
            yield Done()
        if after.rounds.left < before.rounds.left or (before.phase, after.phase) == (Phase.PAUSED, Phase.STOP_AND_COPY):
            yield Round()
        if is_late:
            yield Pause()
        if then.source_kept and not now.source_kept and not now.target_runs:
            yield from self._memory("source", before)
        if any(step.step == "give_up" for step in promised):
            yield Commit(self._has_context(after))
        yield from deaths(promised)
        yield from images(self._spec, before, promised, after)
        yield from _of_checkpoints(promised)
        yield from residue(before, after)
        if now.target_runs and not then.target_runs:
            if any(step.step == "take_over" for step in promised):
                yield from self._memory("target", after)
                yield Takeover(self._has_context(after))
            else:
                yield from self._memories(after)
                yield Activate()
        yield from what_is_known(before, promised, after)
        if now.source_runs and not then.source_runs and self._spec.is_migrating(after):
            yield Resume()
        elif (now.source_runs and not then.source_runs) or self._is_given_up(before, after):
            yield Abort(bool(now.source_runs and self._spec.runs(after)), self._is_heard(before, after))

    def _is_heard(self, before: Any, after: Any) -> bool:
        """The target hears of an abort: the wire was there, and whoever gave up did not just hang up."""
        return bool(self._spec.is_heard(before) and self._spec.is_heard(after))

    def _is_given_up(self, before: Any, after: Any) -> bool:
        """The migration has ended, and not only for a source that died while the target could take over."""
        return bool(after.phase == Phase.ABORTED != before.phase and not self._spec.has_enough(after))

    def _matters(self, m: Any, page: int) -> bool:
        """What the page holds is the guest's, here or where it is fetched from."""
        return bool(self._spec.matters(m, page) or self._spec.is_awaited(m, page))

    def _awaited(self, m: Any) -> set[int]:
        """The pages that the target has dropped, and not got back."""
        return {page for page in range(self._pages) if self._spec.is_awaited(m, page)}

    def _store(self, before: Any, after: Any, page: int) -> Store:
        content = digest(self._watch.ledger.last.memory[page, word] for word in range(self._words))
        return Store(BLOCK, page, content, side_of(before, after, page))

    def _sends(self, m: Any, everything: bool = False) -> Iterator[Send]:
        """A page is sent as far as it was read when it is no longer in hand. One that the target awaits is put in place
        as a whole."""
        return self._arriving.sends(
            lambda page: not self._spec.is_awaited(m, page) and (everything or not self._spec.in_hand(m, page))
        )

    def _has_context(self, m: Any) -> bool:
        """Table, registers, configuration, and the devices' requests, at the target are the guest's."""
        ours, theirs = self._watch.ledger.last, seen(self._spec, m, m.target)
        entries = ours.table.present.every_key()
        return (
            m.source.configuration == m.target.configuration
            and has_requests(m)
            and ours.registers.same(theirs.registers)
            and all(same_entry(ours.table, theirs.table, vpn) for vpn in entries)
        )

    def _memories(self, m: Any) -> Iterator[Memory]:
        """What both sides hold, as far as it can be known: of a source that runs, or is gone, nothing is."""
        if not m.hand_over.source_runs and m.hand_over.source_kept:
            yield from self._memory("source", m)
        yield from self._memory("target", m)

    def _memory(self, side: Side, m: Any) -> Iterator[Memory]:
        if side not in self._told:
            self._told.add(side)
            cells = (m.source if side == "source" else m.target).memory
            for page in range(self._pages):
                if side == "target" and self._spec.is_awaited(m, page):
                    continue
                yield Memory(side, BLOCK, page, digest(cells[page, word] for word in range(self._words)))


def _of_checkpoints(promised: list[Action]) -> Iterator[Event]:
    """Checkpoints that are taken and become whole, what the guest sends to the world, and what is let out."""
    for step in promised:
        match step.step:
            case "capture":
                yield Checkpoint()
            case "whole":
                yield Whole()
            case "emit":
                yield Emit(str(step.arguments[0]))
            case "release":
                yield Output(str(step.arguments[0]))
