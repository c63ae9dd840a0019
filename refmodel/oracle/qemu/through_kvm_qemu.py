"""A recording of QEMU through the machine ``kvm-qemu`` (``machine``), in the order of the source's trace.

Which pages a sync found is hidden (``found``). Where nothing that can be chosen explains what was recorded, the machine
refuses it; where that hangs on records that may be copies too many, nothing is said.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from attrs import evolve, frozen

from refmodel.oracle.lockstep import MOST_PAGES
from refmodel.oracle.qemu.counts import new_counts
from refmodel.oracle.qemu.facts import Facts
from refmodel.oracle.qemu.found import Found, Take, choose
from refmodel.oracle.qemu.machine import QemuMachine
from refmodel.oracle.qemu.taken_up import Cleared, Moment, Owed, Stopped, Synced, Taken, TakenUp
from refmodel.oracle.qemu.through_rules import CLEARS, COMMITS, STANDS, SYNCS, THROUGH_KVM_QEMU
from refmodel.oracle.readers.qemu_traced import Traced
from refmodel.oracle.verdict import Checked, Finding, Unchecked

__all__ = ["Through", "through_kvm_qemu"]

_MOST_COST = 1 << 27
"""Of the clearing of chunks: for each of them once, all pages are looked at."""
_MOST_MOMENTS = 2_000_000


@frozen
class Through:
    """What the machine says."""

    findings: tuple[Finding, ...] = ()
    checked: tuple[Checked, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()


def through_kvm_qemu(
    taken: TakenUp, facts: Facts | None, events: Iterable[Traced], *, whole: bool, number: int
) -> Through:
    """Take what was `taken` up through the machine; `events` are those of the source's trace, which `facts` are of.

    `whole`: the stream was read to its end, which is event `number`.
    """
    if taken.why is None and facts is not None and facts.whole and facts.syncs:
        run = _Run(taken, facts, events, finished=whole and facts.state == "completed")
        if run.is_made():
            return run.through(number)
    why = taken.why or f"needs {SYNCS}"
    return Through(unchecked=tuple(Unchecked(rule, why) for rule in THROUGH_KVM_QEMU))


class _Run:
    """One migration; `finished`: all of its stream is there, and it was completed."""

    def __init__(self, taken: TakenUp, facts: Facts, events: Iterable[Traced], *, finished: bool) -> None:
        self._taken = taken
        self._facts = facts
        self._finished = finished
        self._moments: list[Moment] = list(islice(taken.moments(events, facts.stop), _MOST_MOMENTS + 1))
        if taken.shared:
            self._moments = [moment for moment in self._moments if not isinstance(moment, Owed)]
        self._chunks: dict[str, int] = {}
        self._syncs = 0
        self._asked: dict[int, int] = {}
        """With what is pending after a sync the source tells by how much it decides on it."""
        takes: list[Take] = []
        last_sync: int | None = None
        for moment in self._moments:
            match moment:
                case Synced():
                    last_sync = self._syncs
                    self._syncs += 1
                case Owed() if last_sync is not None:
                    self._asked[last_sync] = moment.most
                    last_sync = None
                case Taken():
                    last_sync = None
                    takes.append((moment.page, self._syncs, moment.doubt))
                case Cleared(block=block, pages=pages):
                    self._chunks[block.name] = min(pages, self._chunks.get(block.name, pages))
        last = {page: syncs for page, syncs, _ in takes}
        self._left = sorted(last, key=lambda page: last[page], reverse=True)
        self._last = last
        self._found = None if self._is_too_large() else self._choose(takes)

    def _is_too_large(self) -> bool:
        pages, blocks = self._taken.pages, self._taken.blocks
        cost = pages * sum(-(-blocks[name].pages // size) for name, size in self._chunks.items())
        if not pages:
            self._taken.cannot("the recording has no pages")
        elif len(self._moments) > _MOST_MOMENTS:
            self._taken.cannot(f"over {_MOST_MOMENTS} moments are traced")
        elif pages > MOST_PAGES or cost > _MOST_COST:
            self._taken.cannot(f"{pages} pages: the machine is made for {MOST_PAGES}, of small chunks for fewer")
        return self._taken.why is not None

    def _choose(self, takes: list[Take]) -> Found | None:
        counts = new_counts(self._facts.syncs)[: self._syncs]
        found = choose(takes, counts, finished=self._finished)
        if found is None:
            self._taken.cannot("it hangs on records that change nothing, and may be copies too many")
        return found

    def is_made(self) -> bool:
        """Whether what was recorded can be told."""
        return self._found is not None

    def through(self, number: int) -> Through:
        """What the machine says; the stream ends with event `number`."""
        assert self._found is not None
        blocks = self._taken.blocks.values()
        machine = QemuMachine(
            [block if self._facts.clears else evolve(block, puts_off=False) for block in blocks], self._chunks
        )
        self._drive(machine, self._found)
        why = self._why()
        counts = {rule: count for rule, count in machine.counts.items() if count and rule not in why}
        findings = []
        for said in machine.found:
            rule = THROUGH_KVM_QEMU[said.rule]
            block, pfn = (None, None) if said.page is None else self._taken.place(said.page)
            contracts = tuple(contract.value for contract in rule.contracts)
            findings.append(Finding(rule.name, contracts, said.message, number, block, pfn))
        rules = THROUGH_KVM_QEMU.values()
        return Through(
            tuple(findings),
            tuple(Checked(rule.name, counts[rule.name], rule.sentence) for rule in rules if rule.name in counts),
            tuple(
                Unchecked(rule.name, why.get(rule.name, f"needs {rule.needs}"))
                for rule in rules
                if rule.name not in counts
            ),
        )

    def _why(self) -> dict[str, str]:
        """Why a rule is not checked."""
        why = {}
        if not self._facts.clears:
            why[CLEARS] = "no migration_bitmap_clear_dirty is traced"
        if self._facts.stop is None:
            why[STANDS] = "no vm_state_notify is traced"
        if not self._finished:
            why |= dict.fromkeys((STANDS, COMMITS), f"the migration is {self._facts.state}, or its stream not whole")
        return why

    def _drive(self, machine: QemuMachine, found: Found) -> None:
        stopped = self._facts.stop is None
        most: int | None = None
        index = -1
        for moment in self._moments:
            match moment:
                case Synced(number=number):
                    pages = [*found.pages[number], *self._others(number, found.short[number])]
                    when = f"sync {number + 1} of {len(self._facts.syncs)}"
                    if self._finished and number == self._syncs - 1:
                        machine.last_sync(pages, found.count(number), when, most, stopped=stopped)
                    elif number == 0:
                        machine.first_sync(found.count(number), when)
                    else:
                        machine.sync(pages, found.count(number), when, self._asked.get(number))
                case Taken():
                    most = None
                    index += 1
                    if index not in found.for_nothing:
                        machine.take_up(moment.page, moment.doubt)
                case Cleared():
                    machine.clear(moment)
                case Owed():
                    most = moment.most
                    machine.pending(moment.size)
                case Stopped():
                    stopped = True
        if self._finished:
            machine.commit()

    def _others(self, number: int, count: int) -> Iterator[int]:
        """Pages that a sync counted and that are never sent again: any of those that were sent before it."""
        while count and self._left and self._last[self._left[-1]] <= number:
            count -= 1
            yield self._left.pop()
