"""Wrong variants of ``memory-slots``: M14, M16, M17.

Of logging, ``slot-move-forgets`` breaks ``a_page_that_can_be_written_unseen_is_noted``, ``memory-added-clean``
``what_differs_from_its_last_copy_was_noted``, and ``slot-registered-unlogged`` and ``memory-added-untracked``
``the_log_covers_all_memory``. Of rounds, ``slot-unsynced`` and ``removal-in-part`` break
``what_was_noted_is_still_marked``, and ``unmapped-not-owed`` ``until_rounds_run_every_page_is_owed``.
"""

from typing import TypeVar

from attrs import frozen

from refmodel.language import neg
from refmodel.logging.memory_map import S, WithMemoryMap
from refmodel.logging.memory_slots import MemorySlots
from refmodel.logging.protect_at_transfer import WithProtection
from refmodel.rounds.rounds import MigrationRounds
from refmodel.variants.variant import Variant

__all__ = ["MEMORY_SLOT_VARIANTS"]

_MACHINE = "bare+memory-slots"


@frozen(slots=False)
class _Both(WithMemoryMap, WithProtection):
    """Memory slots, and pages that are protected when they are transferred."""


_B = TypeVar("_B", bound=_Both)


class UnregistersUnsynced(MemorySlots[S]):
    def synced(self, m: S, slot: int) -> S:
        """The slot goes, and nobody has read its log."""
        return m


class RemovesInPart(MemorySlots[S]):
    def memory_remove(self, m: S, page: int) -> S:
        """The log has forgotten the page when its removal fails: the page stays."""
        super().memory_remove(m, page)
        return m.but(
            log=m.log.but(dirty=m.log.dirty.discard(page)),
            rounds=m.rounds.but(to_send=m.rounds.to_send.discard(page)),
            memory_map=m.memory_map.but(synced=m.memory_map.synced.discard(page)),
        )


class MovesForgetTheType(MemorySlots[_B]):
    def slot_register(self, m: _B, slot: int) -> _B:
        """A page that is moved is entered as ordinary RAM, whether or not stores to it are being logged."""
        after, slot_of = super().slot_register(m, slot), m.memory_map.slot_of
        logged = m.protection.transferred.where(lambda p: slot_of[p] == slot, False)
        return after.but(protection=m.protection.but(transferred=logged))


class RegistersUnlogged(MemorySlots[S]):
    def slot_register(self, m: S, slot: int) -> S:
        """Migration's interest in the log is kept apart from all others', and a slot that comes does not hear of it."""
        after, slots = super().slot_register(m, slot), m.memory_map
        tracked = slots.tracked.where(lambda p: slots.slot_of[p] == slot, False)
        return after.but(memory_map=after.memory_map.but(tracked=tracked))


class AddsUntracked(MemorySlots[S]):
    def added(self, m: S, page: int) -> S:
        """The log is as large as it was when the migration began."""
        return super().added(m, page).but(memory_map=m.memory_map.but(ram=m.memory_map.ram.add(page)))


class AddsClean(MemorySlots[S]):
    def noted_as_new(self, m: S, page: int) -> S:
        """What has never been sent counts as clean until it is written."""
        return m


class OwesWhatIsMapped(MigrationRounds[S]):
    def begin(self, m: S) -> S:
        """The first round owes what the memory map has, which is not all RAM."""
        after, slots = super().begin(m), m.memory_map
        owed = after.rounds.to_send.where(lambda p: neg(slots.mapped[slots.slot_of[p]]), False)
        return after.but(rounds=after.rounds.but(to_send=owed))


MEMORY_SLOT_VARIANTS = (
    Variant(
        "slot-unsynced",
        "M16",
        UnregistersUnsynced,
        "a slot is unregistered with its log unread",
        ("3fbffb628c", "4cc856faba"),
        machine=_MACHINE,
    ),
    Variant(
        "removal-in-part",
        "M16",
        RemovesInPart,
        "a removal fails when the log has already forgotten the page",
        ("74a11c43fd",),
        machine=_MACHINE,
    ),
    Variant(
        "slot-move-forgets",
        "M16",
        MovesForgetTheType,
        "a page that is moved loses its log-dirty type, and is written unseen",
        ("c9491ea21a",),
        machine=_MACHINE,
    ),
    Variant(
        "slot-registered-unlogged",
        "M16",
        RegistersUnlogged,
        "a slot that comes while a migration runs is not logged for it",
        ("6f6a5ef3e4",),
        machine=_MACHINE,
    ),
    Variant(
        "memory-added-untracked",
        "M17",
        AddsUntracked,
        "memory that is added is not in what the log covers",
        ("9c1f8f4493",),
        machine=_MACHINE,
    ),
    Variant(
        "memory-added-clean",
        "M14",
        AddsClean,
        "memory that is added counts as clean",
        ("98fccdf0ac",),
        machine=_MACHINE,
    ),
    Variant(
        "unmapped-not-owed",
        "M17",
        OwesWhatIsMapped,
        "RAM that is not mapped at the beginning is never owed",
        ("9fa06385f6",),
        machine=_MACHINE,
        growing=({"pfn": 2, "vpn": 1, "cpu": 1, "word": 1, "value": 2, "slot": 2},),
    ),
)
