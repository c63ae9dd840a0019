"""Replay: run a schedule, check every claim after every step, and keep the promise's ledger beside it.

The ledger is stepped by the refinement's witness alone, from what the guest does; it never looks at the state that a
wrong variant made. Where a load on the running side would not return what the ledger says was stored last, the guest
notices.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from attrs import frozen

from refmodel.checkpointed_promise import CheckpointedLedger
from refmodel.language import Action, Claim, Refused, Specification
from refmodel.migration import AnyMachine
from refmodel.promise import Ledger
from refmodel.refinement import abstraction, witness
from refmodel.schedules.schedule import Broken, Schedule
from refmodel.state import Guest, same_entry
from refmodel.unusable import Unusable

__all__ = ["Moment", "Watch", "first_broken", "replay"]


@frozen
class Moment:
    """One step of a replay: the action, the state after it, and what it broke first or let the guest notice."""

    number: int
    action: Action
    before: Any
    after: Any
    broken: tuple[Broken, ...]
    noticed: str | None


class Watch:
    """What the guest stored last, kept beside a run: a ledger, and whether the run still keeps the promise."""

    def __init__(self, spec: AnyMachine, start: Any) -> None:
        self.spec = spec
        self.promise = spec.promise()
        self.ledger: Ledger = abstraction(spec, start)

    def step(self, before: Any, action: Action, after: Any) -> str | None:
        """Follow one action; what the guest notices after it, or None."""
        return self.told(witness(self.spec, before, action), after)

    def told(self, promised: Iterable[Action], after: Any) -> str | None:
        """The same, where it is known which steps of the promise the action was."""
        for each in promised:
            try:
                self.ledger = self.promise.take(self.ledger, each)
            except Refused:
                self._runs_all_the_same(each)
        return noticed_by_the_guest(self.spec, self.ledger, after)

    def _runs_all_the_same(self, promised: Action) -> None:
        """A side that may not run and does is seen at once.

        Of a page or context that did not arrive the guest sees a load that returns something else, which is then
        reported; a store of its own to a page that is owed loses nothing.
        """
        if promised.step == "store":
            page, word, value = promised.arguments
            last = self.ledger.last.memory.set((page, word), value)
            self.ledger = self.ledger.but(last=self.ledger.last.but(memory=last))
        if promised.step in ("resume", "start_target", "take_over"):
            runs = {"resume": "source", "start_target": "target", "take_over": "target"}[promised.step]
            self.ledger = self.ledger.but(**{f"{runs}_runs": True})
        if promised.step == "release" and isinstance(self.ledger, CheckpointedLedger):
            self.ledger = self.ledger.but(released=self.ledger.released.add(promised.arguments[0]))


def noticed_by_the_guest(spec: AnyMachine, ledger: Ledger, m: Any) -> str | None:
    """What a guest on the running side would see that it must not, or None."""
    if m.hand_over.source_runs and m.hand_over.target_runs:
        return "the guest runs on both sides at once"
    if not (m.hand_over.source_runs or m.hand_over.target_runs):
        return None
    side, name = (m.target, "target") if m.hand_over.target_runs else (m.source, "source")
    last = ledger.last
    as_left = side.memory == last.memory and side.registers == last.registers and spec.table_of(m, side) == last.table
    if not as_left:  # seldom, and it takes long to look at each
        found = _found_by_the_guest(spec, ledger, m, side, name)
        if found is not None:
            return found
    return _noticed_by_the_world(ledger) if m.hand_over.target_runs else None


def _found_by_the_guest(spec: AnyMachine, ledger: Ledger, m: Any, side: Guest, name: str) -> str | None:
    """The first thing on the side that runs that is not as the guest left it, or None."""
    for page, word in side.memory.every_key():
        found, stored = side.memory[page, word], ledger.last.memory[page, word]
        if found != stored and spec.matters(m, page):
            return f"a load at the {name} of pfn {page} word {word} returns {found}; the last store was {stored}"
    table = spec.table_of(m, side)
    for vpn in table.present.every_key():
        if not same_entry(table, ledger.last.table, vpn):
            return f"the guest's page-table entry for vpn {vpn} is not the one it wrote"
    for cpu in side.registers.every_key():
        if side.registers[cpu] != ledger.last.registers[cpu]:
            return f"the registers of cpu {cpu} at the {name} are not what they were"
    return None


def _noticed_by_the_world(ledger: Ledger) -> str | None:
    """What it has seen of a guest that does not know of it any more."""
    if isinstance(ledger, CheckpointedLedger):
        for packet in (ledger.released - ledger.covered).members():
            return f"packet {packet} was let out, and the guest that goes on has never sent it"
    return None


def first_broken(
    spec: Specification[Any], claims: Sequence[Claim], before: Any, after: Any, sizes: dict[str, int], number: int
) -> tuple[Broken, ...]:
    """The claims that fail in the state after a step, or of the step itself, each with the first place."""
    found = []
    for claim in claims:
        where = spec.broken(claim, after, sizes, before if claim.of_steps else None)
        if where is not None:
            names = (name for name, _ in claim.parameters)
            found.append(Broken(claim.name, dict(zip(names, map(int, where), strict=True)), number))
    return tuple(found)


def replay(schedule: Schedule) -> Iterator[Moment]:
    """Every step of the schedule; Unusable at the first action that the machine refuses."""
    spec = schedule.specification()
    claims = list(spec.claims.values())
    sizes = dict(schedule.sizes)
    state = schedule.start()
    watch = Watch(spec, state)
    for number, action in enumerate(schedule.actions, 1):
        try:
            after = spec.take(state, action)
        except Refused as refused:
            raise Unusable(f"action {number}", str(refused), "a schedule that the machine can take") from None
        noticed = watch.step(state, action, after)
        yield Moment(number, action, state, after, first_broken(spec, claims, state, after, sizes, number), noticed)
        state = after
