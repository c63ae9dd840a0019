"""Wrong variants of ``postcopy`` that are about the switch and what follows from it: M23, and a sound one.

What is dropped: ``what_is_dropped_at_the_switch_is_what_is_owed`` of hand-over breaks. A source that goes on as before
the switch breaks ``pages_are_in_hand_only_in_rounds_and_stop_and_copy`` of rounds; one that counts for nothing while it
is needed, the claims of hand-over on who runs, and on where an image is.
"""

from typing import TypeVar

from refmodel.handover.postcopy import PostCopy
from refmodel.handover.postcopy_state import WithPostCopy, X
from refmodel.handover.second_hop import SecondHop
from refmodel.language import Set, need, neg
from refmodel.rounds.free_hints import WithHints
from refmodel.state import Phase
from refmodel.variants.variant import Variant

__all__ = ["POSTCOPY_VARIANTS"]

_MACHINE = "seed+postcopy"
_MAPPED = "seed+second-stage+postcopy"
"""Where every page is mapped from the start, so that the guest can store to it at the target."""
_ONE_PAGE = ({"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 2},)


class WithHintsToo(WithPostCopy, WithHints):
    """The state of a machine with post-copy whose guest hints at free pages."""


H = TypeVar("H", bound=WithHintsToo)


class SyncsAfterTheSwitch(PostCopy[X]):
    def transfer_clear(self, m: X, page: int) -> X:
        """One more sync after the switch marks pages that are there, which are sent as they were sent before it."""
        if m.postcopy.switched & neg(self.is_migrating(m)) & neg(self.is_awaited(m, page)):
            rounds = m.rounds.but(to_send=m.rounds.to_send.add(page))
            before = m.but(phase=Phase.STOP_AND_COPY, rounds=rounds, postcopy=m.postcopy.but(switched=False))
            return super().transfer_clear(before, page).but(phase=m.phase, postcopy=m.postcopy)
        return super().transfer_clear(m, page)


class SwitchesBeforeTheHarvest(PostCopy[X]):
    def final_harvest(self, m: X) -> X:
        """The bitmap that the switch goes by is that of the last sync before the stop."""
        need(m.phase == Phase.PAUSED, "the source's vCPUs stand still")
        return m.but(phase=Phase.STOP_AND_COPY)


class DropsNothingWhereAllIsDirty(PostCopy[X]):
    def discarded(self, m: X, owed: Set[int]) -> Set[int]:
        """A run of dirty pages without an end is sent as a list of no bytes."""
        return owed.where(lambda p: owed.is_full, False)


class DropsWhatIsClean(PostCopy[X]):
    def discarded(self, m: X, owed: Set[int]) -> Set[int]:
        """The target drops all of its memory, and is sent what is dirty."""
        return owed.filled()


class CancelsAfterTheSwitch(PostCopy[X]):
    def abort(self, m: X) -> X:
        """Given up while pages are owed to a guest that runs elsewhere: the source goes on from where it stopped."""
        if m.postcopy.switched & neg(self.is_migrating(m)):
            return m.but(hand_over=m.hand_over.but(source_runs=True))
        return super().abort(m)


class DiscardsTheSourceTooEarly(PostCopy[X]):
    def discard_source(self, m: X) -> X:
        """A target that runs is taken to have all that it needs; the source's memory goes to its next user.

        Any contents will do for that user's: here what the target has.
        """
        after = super().discard_source(m.but(postcopy=m.postcopy.but(awaited=m.postcopy.awaited.cleared())))
        return after.but(postcopy=m.postcopy, source=m.source.but(memory=m.target.memory))


class MovesOnWithoutItsMemory(SecondHop[X]):
    def go_on_from_target(self, m: X) -> X:
        """A guest that runs is migrated, with whatever its host has of pages that are still at another."""
        return super().go_on_from_target(m.but(postcopy=m.postcopy.but(awaited=m.postcopy.awaited.cleared())))


class HintsAfterTheSwitch(PostCopy[H]):
    def switch(self, m: H) -> H:
        """Hints that are still in the queue are used once the target knows what to drop: also of pages taken since."""
        after = super().switch(m)
        return after.but(rounds=after.rounds.but(to_send=after.rounds.to_send - (m.hints.stale - m.hints.free)))


class DropsAndSendsEverything(PostCopy[X]):
    def commit(self, m: X) -> X:
        """At a switch whatever has been sent before it counts for nothing: every page is owed, and dropped."""
        after = super().commit(m)
        if m.postcopy.switched:
            everything = m.postcopy.awaited.filled()
            return after.but(
                rounds=after.rounds.but(to_send=everything),
                postcopy=after.postcopy.but(awaited=everything),
                ghost=after.ghost.but(noted=everything),
            )
        return after


POSTCOPY_VARIANTS = (
    Variant(
        "sync-after-switch",
        "M23",
        SyncsAfterTheSwitch,
        "pages are sent again after the switch, the way they were sent before it, over what the guest has stored",
        ("663e6c1df8", "2ebeaec012"),
        machine=_MAPPED,
        growing=_ONE_PAGE,
        rounds=0,
    ),
    Variant(
        "switch-before-harvest",
        "M23",
        SwitchesBeforeTheHarvest,
        "the switch goes by a bitmap that was not synced after the stop",
        ("663e6c1df8",),
        machine=_MACHINE,
        rounds=0,
    ),
    Variant(
        "discard-too-little",
        "M23",
        DropsNothingWhereAllIsDirty,
        "where every page is dirty the list of what is to be dropped is empty: old contents are read",
        ("a725ef9fe3",),
        machine=_MACHINE,
        growing=_ONE_PAGE,
        rounds=0,
    ),
    Variant(
        "discard-too-much",
        "M23",
        DropsWhatIsClean,
        "pages are dropped that nobody will send again",
        ("fd51e54fa1",),
        machine=_MACHINE,
        growing=({"pfn": 2, "vpn": 1, "cpu": 1, "word": 1, "value": 2},),
        rounds=0,
    ),
    Variant(
        "hint-after-switch",
        "M23",
        HintsAfterTheSwitch,
        "a hint is used after the switch: the target has dropped the page, and nobody will send it",
        ("fd51e54fa1",),
        machine="seed+free-hints+postcopy",
        growing=_ONE_PAGE,
        rounds=1,
    ),
    Variant(
        "cancel-in-postcopy",
        "M23",
        CancelsAfterTheSwitch,
        "a cancel in post-copy brings the guest back at the source",
        ("6de90bdec6",),
        machine=_MACHINE,
        rounds=0,
    ),
    Variant(
        "onward-without-memory",
        "M23",
        MovesOnWithoutItsMemory,
        "a guest is migrated whose memory is still being fetched",
        ("6de90bdec6",),
        machine=f"{_MACHINE}+second-hop",
        growing=_ONE_PAGE,
        rounds=0,
    ),
    Variant(
        "source-discarded-early",
        "M23",
        DiscardsTheSourceTooEarly,
        "the source's image is discarded with pages that the target waits for",
        ("6de90bdec6",),
        machine=_MACHINE,
        growing=_ONE_PAGE,
        rounds=0,
    ),
    Variant(
        "everything-dropped",
        "M23",
        DropsAndSendsEverything,
        "the target drops all of its memory at the switch, and all of it is sent again",
        machine=_MACHINE,
        sound=True,
    ),
)
