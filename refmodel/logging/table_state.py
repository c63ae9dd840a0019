"""What a machine has whose guest keeps its page tables in its own memory: how entries are read, roots, trapped tables.

How an entry is laid out is left open: any functions from what a word holds to a frame and to rights will do.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Cpu, Map, Pfn, Set, State, Value, Vpn, Word
from refmodel.state import Machine

__all__ = ["EntryLayout", "G", "Roots", "TrappedTables", "WithGuestTables"]


@frozen(slots=False)
class EntryLayout(State):
    """How the walker reads a table; it never changes."""

    upper: Map[Vpn, Word]
    """Which word of the root table has the page's upper entry: the one that names its lower table."""
    lower: Map[Vpn, Word]
    """Which word of the lower table has the page's leaf. Two pages may share an entry, and one frame be both tables."""
    frame_of: Map[Value, Pfn]
    """The frame that an entry with this value names."""
    is_present: Set[Value]
    is_writable: Set[Value]
    with_accessed: Map[Value, Value]
    """What the walker writes back when it uses an entry; where that is what the entry holds already, A is set. Nothing
    else is assumed of it, nor of ``with_dirty``."""
    with_dirty: Map[Value, Value]
    """The same for a store that uses the leaf: D."""


@frozen(slots=False)
class Roots(State):
    """The root register, on either side. One for all CPUs: the guest has one address space here, and stays in it."""

    guest: Pfn
    """The frame of the guest's root table."""
    target: Pfn
    """What the target's root register holds."""


@frozen(slots=False)
class TrappedTables(State):
    """Table frames that are kept in sync by write protection; all others may be out of sync."""

    trapped: Set[Pfn]
    """Mapped writable nowhere, so that every store to one faults, whatever the log permits."""
    claiming: bool
    """A frame is being brought in sync."""
    claimed: Pfn
    """That frame; means nothing otherwise."""
    flushed: Set[Cpu]
    """CPUs that have been flushed for it."""


@frozen(slots=False)
class WithGuestTables(Machine):
    """The state of a machine whose guest tables are guest memory. ``source.table`` is what a walk of it gives."""

    layout: EntryLayout
    roots: Roots
    tables: TrappedTables


G = TypeVar("G", bound=WithGuestTables)
