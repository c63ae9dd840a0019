"""Wrong variants of ``free-hints``, M18, and a sound one.

``hint-of-any-epoch`` and ``hint-races-sender`` break ``what_is_put_aside_unread_is_protected_and_does_not_matter`` of
rounds (the page matters again; it is not protected yet), ``hinted-never-sent`` ``what_was_noted_is_still_marked``.
"""

from refmodel.language import Pfn, Set, need
from refmodel.rounds.free_hints import F, FreeHints
from refmodel.rounds.skip import Skips
from refmodel.state import M, Stage
from refmodel.variants.variant import Variant

__all__ = ["FREE_HINT_VARIANTS"]

_MACHINE = "bare+free-hints"


class TakesAnyEpoch(FreeHints[F]):
    def counts(self, m: F, page: int) -> bool:
        """A hint is a hint, whenever it was given."""
        return m.hints.current[page] | m.hints.stale[page]


class SkipsWithoutTheLock(Skips[M]):
    def transfer_skip(self, m: M) -> M:
        """The hint is used while the sender has the page in hand, and is still protecting it."""
        need(m.transfer.stage != Stage.IDLE, "the engine has a page in hand")
        need(self.may_be_skipped(m, m.transfer.page), "what the page holds does not matter")
        return self.skipped(m)


class NeverSendsWhatWasHinted(FreeHints[F]):
    def found(self, m: F) -> Set[Pfn]:
        """A page that was once hinted at is left out for good, though it be taken again."""
        return super().found(m) - (m.hints.current | m.hints.stale)


class ClearsOneBitmap(FreeHints[F]):
    def skipped(self, m: F) -> F:
        """The hint clears the page in the bitmap of what is owed; in the region's it stays set, and comes back."""
        return self.marked(super().skipped(m), m.transfer.page)


FREE_HINT_VARIANTS = (
    Variant(
        "hint-of-any-epoch",
        "M18",
        TakesAnyEpoch,
        "a hint from before the last harvest is taken for one of now",
        ("386a907b37",),
        machine=_MACHINE,
    ),
    Variant(
        "hint-races-sender",
        "M18",
        SkipsWithoutTheLock,
        "a hint is used while the sender is still protecting the page",
        ("63268c4970",),
        machine=_MACHINE,
    ),
    Variant(
        "hinted-never-sent",
        "M18",
        NeverSendsWhatWasHinted,
        "a page that was hinted at once is never sent, though it has been taken again",
        ("fd51e54fa1",),
        machine=_MACHINE,
    ),
    Variant(
        "hint-in-one-bitmap",
        "-",
        ClearsOneBitmap,
        "a hint clears one of two bitmaps, so that its page is sent all the same",
        ("3143577d6a",),
        sound=True,
        machine=_MACHINE,
    ),
)
