"""KVM's dirty rings as state: one ring a vCPU, the reaper that reads them, the reset that protects again.

An entry is free, DIRTY (written by the kernel, to be read by userspace) or RESET (read by userspace, to be reset by the
kernel). A real ring is used in order; here a vCPU may take any of its free entries and reaper and reset any that is
theirs, of which the order of a ring is one case. So what holds here holds of the ring, and of one that skips entries.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import Cpu, Entry, Map, Pfn, Set, State
from refmodel.state import Machine

__all__ = ["R", "Reaper", "Ring", "RingProtection", "WithRing"]


@frozen(slots=False)
class Ring(State):
    """``struct kvm_dirty_gfn`` for each entry, and where each vCPU is about to write."""

    page: Map[tuple[Cpu, Entry], Pfn]
    """The payload. A free entry keeps what it had."""
    dirty: Set[tuple[Cpu, Entry]]
    """KVM_DIRTY_GFN_F_DIRTY: the kernel has written the entry."""
    reset: Set[tuple[Cpu, Entry]]
    """KVM_DIRTY_GFN_F_RESET: userspace has read it."""
    pushing: Set[Cpu]
    """vCPUs that have written one half of an entry and not the other."""
    into: Map[Cpu, Entry]
    """The entry, and"""
    about: Map[Cpu, Pfn]
    """the page that it is to say has been written; both mean nothing for a vCPU that is not pushing."""


@frozen(slots=False)
class Reaper(State):
    """Userspace: the entry that it has found DIRTY, and what it has read of others."""

    reading: bool
    cpu: Cpu
    entry: Entry
    """Whose entry, and which; mean nothing while it reads none."""
    collected: Set[Pfn]
    """``KVMSlot.dirty_bmap``: pages read from rings since the last sync."""


@frozen(slots=False)
class RingProtection(State):
    """Which pages are write-protected, and KVM_RESET_DIRTY_RINGS under way."""

    started: bool
    """Logging has been switched on: every page was protected then."""
    protected: Set[Pfn]
    """Pages entered read-only wherever they are mapped, so that a store to one faults."""
    revoked: Set[Pfn]
    """Of these, the ones whose mappings were revoked and for which CPUs are still to be flushed."""
    flushed: Set[Cpu]
    """CPUs flushed for them."""


@frozen(slots=False)
class WithRing(Machine):
    """The state of a machine with dirty rings."""

    ring: Ring
    reaper: Reaper
    ring_protection: RingProtection


R = TypeVar("R", bound=WithRing)
