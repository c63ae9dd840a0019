"""Level B's state: what the source, the shadow, the vCPUs, the log and the engine are made of.

Two machines take part. ``source`` and ``target`` are what the guest could see on either (level A speaks of nothing
else); all other parts are the hypervisor's at the source.
"""

from enum import IntEnum
from typing import TypeVar

from attrs import frozen

from refmodel.language import Count, Cpu, Map, Pfn, Set, State, Value, Vpn, Word, iff, implies, neg

__all__ = [
    "Cpus",
    "Ghost",
    "Guest",
    "HandOver",
    "Log",
    "M",
    "Machine",
    "Phase",
    "Rounds",
    "Shadow",
    "Stage",
    "Table",
    "Transfer",
    "is_without_migration",
    "same_entry",
]


class Phase(IntEnum):
    """Where the migration is. The phases come in this order; ABORTED ends every phase up to STOP_AND_COPY."""

    BEFORE = 0
    """No migration: the MMU walks the guest's own table."""
    SETUP = 1
    """Begun: every page is owed, the CPUs change their roots one by one."""
    LIVE = 2
    """Rounds run under the guest."""
    PAUSED = 3
    """The source's vCPUs stand still; the last harvest is due."""
    STOP_AND_COPY = 4
    """Harvested for the last time: the rest of the pages, the table and the registers travel."""
    COMMITTED = 5
    """The source has given up its right to run; the target has not yet said that it has everything."""
    ACKNOWLEDGED = 6
    """The target has everything."""
    AFTER = 7
    """The guest runs at the target."""
    ABORTED = 8
    """Given up before the commit: the guest runs on at the source."""


class Stage(IntEnum):
    """How far the engine is with the page that it transfers."""

    IDLE = 0
    CLEARED = 1
    """Nothing marks the page owed or dirty any more; it may still be written without a trace."""
    MARKED = 2
    """Marked transferred: later fills are read-only; mappings are revoked, then each CPU is flushed."""
    READING = 3
    """No CPU can write the page unseen; its words are read one by one."""


@frozen(slots=False)
class Table(State):
    """Page-table entries by virtual page: the guest's own table. Frame and rights mean nothing where not present."""

    present: Set[Vpn]
    frame: Map[Vpn, Pfn]
    writable: Set[Vpn]


def same_entry(ours: Table, theirs: Table, vpn: int) -> bool:
    """The two tables have the same entry for the page; frames count only where present."""
    return (
        iff(ours.present[vpn], theirs.present[vpn])
        & iff(ours.writable[vpn], theirs.writable[vpn])
        & implies(ours.present[vpn], ours.frame[vpn] == theirs.frame[vpn])
    )


@frozen(slots=False)
class Guest(State):
    """What the guest can see of one machine."""

    memory: Map[tuple[Pfn, Word], Value]
    table: Table
    registers: Map[Cpu, Value]
    configuration: Value
    """The VM's configuration: its devices and sizes, which the target must have before memory (R11)."""


@frozen(slots=False)
class Shadow(State):
    """The shadow page table: the guest's entries, translated and copied on demand."""

    present: Set[Vpn]
    frame: Map[Vpn, Pfn]
    writable: Set[Vpn]
    unsynced: Set[Vpn]
    """Entries whose guest entry has changed since it was copied: out of sync until resynced."""


@frozen(slots=False)
class Cpus(State):
    """The source's vCPUs: which root each walks, and what its TLB holds of earlier walks."""

    on_shadow: Set[Cpu]
    present: Set[tuple[Cpu, Vpn]]
    frame: Map[tuple[Cpu, Vpn], Pfn]
    writable: Set[tuple[Cpu, Vpn]]
    unflushed: Set[tuple[Cpu, Vpn]]
    """Ghost: the guest has changed its entry for the page and not flushed this CPU since, so that it may go on using
    the old one. No step reads it; the claims say what a flush must achieve."""


@frozen(slots=False)
class Log(State):
    """The dirty log."""

    dirty: Set[Pfn]


@frozen(slots=False)
class Transfer(State):
    """The engine's place in the page that it is transferring."""

    stage: Stage
    page: Pfn
    """The page; means nothing while idle."""
    flushed: Set[Cpu]
    read: Set[Word]


@frozen(slots=False)
class Rounds(State):
    """What the current round still owes, and how many more rounds the policy may start."""

    to_send: Set[Pfn]
    left: Count


@frozen(slots=False)
class HandOver(State):
    """Who runs, who still has the guest's image, and what of the context has travelled."""

    source_runs: bool
    target_runs: bool
    source_kept: bool
    """The source's image has not been discarded."""
    configured: bool
    table_sent: bool
    registers_sent: Set[Cpu]


@frozen(slots=False)
class Ghost(State):
    """What no step reads: it lets each contract be stated by itself. A machine would run the same without it."""

    copied: Map[tuple[Pfn, Word], Value]
    """What the engine read of each word when it read it last; before that, what the target happened to hold."""
    noted: Set[Pfn]
    """Pages that were marked, wherever marks are kept, since the engine took them up last."""


@frozen(slots=False)
class Machine(State):
    """Level B's state, as far as every machine has it; a part of a machine adds a field of its own."""

    phase: Phase
    source: Guest
    target: Guest
    shadow: Shadow
    cpus: Cpus
    log: Log
    transfer: Transfer
    rounds: Rounds
    hand_over: HandOver
    ghost: Ghost


M = TypeVar("M", bound=Machine)
"""The state of the machine at hand: what every machine has, and what its parts add."""


def is_without_migration(m: Machine) -> bool:
    """At the source there is none yet, or it was given up, or the target has everything and the source is gone.

    No hook: claims of what is left behind (I-CLEAN) rest on it, and no part has anything to add.
    """
    return (m.phase == Phase.BEFORE) | (m.phase == Phase.ABORTED) | neg(m.hand_over.source_kept)
