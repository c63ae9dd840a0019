"""Wrong variants of ``incremental``, M22 and one of M04, and one that is sound."""

from refmodel.state import Log
from refmodel.transport.image_state import I
from refmodel.transport.incremental import IncrementalImages
from refmodel.variants.variant import Variant

__all__ = ["IMAGE_VARIANTS"]


class RestoresOverAnything(IncrementalImages[I]):
    def is_on_its_parent(self, m: I) -> bool:
        """An image under the parent's name is taken for the parent."""
        return True


class LeavesOutWhatIsAbsent(IncrementalImages[I]):
    def closed(self, m: I) -> I:
        """Pages that are not resident when the image is written are left out, though the log has them."""
        to_send = m.rounds.to_send.cleared()
        return super().closed(m.but(rounds=m.rounds.but(to_send=to_send)))


class ReadsAnEarlierImage(IncrementalImages[I]):
    def put(self, m: I, page: int, word: int, value: int) -> I:
        """The entry names the page, and what an earlier image of the chain has of it is read for it."""
        return m.but(images=m.images.but(written=m.images.written.add((page, word))))


class ForgetsAFailedImage(IncrementalImages[I]):
    def put_back(self, m: I) -> I:
        """The log was cleared for an image that then could not be written: nobody owes its pages any more."""
        return m


class StartsOverWithAnIncrement(IncrementalImages[I]):
    def image_refused(self, m: I) -> I:
        """The next image is called full, and has what was dirtied since the one that was refused."""
        after = super().image_refused(m)
        return after.but(rounds=m.rounds, ghost=after.ghost.but(noted=m.ghost.noted))


class KeepsTheLogAtAFullImage(IncrementalImages[I]):
    def log_cleared(self, m: I, page: int) -> Log:
        """A full image takes the page, and its mark stays: the next increment has it once more."""
        return m.log if m.images.full else super().log_cleared(m, page)


_ON = "bare+incremental"
IMAGE_VARIANTS = (
    Variant(
        "wrong-parent-accepted",
        "M22",
        RestoresOverAnything,
        "an increment is restored over an image that is not its parent: another guest's, of the same name",
        ("6fb00f5530",),
        machine=_ON,
        rounds=0,
    ),
    Variant(
        "absent-pages-left-out",
        "M22",
        LeavesOutWhatIsAbsent,
        "an increment is made of what is resident: pages that were swapped out are missing",
        ("c4a897c19a",),
        machine=_ON,
        rounds=0,
    ),
    Variant(
        "entry-of-an-earlier-image",
        "M22",
        ReadsAnEarlierImage,
        "an entry is read out of an earlier image of the chain than the one that has it",
        ("7d72537dbd",),
        machine=_ON,
        rounds=0,
    ),
    Variant(
        "failed-increment-forgotten",
        "M04",
        ForgetsAFailedImage,
        "the bitmap was cleared for an increment that could not be written, and the next one does not have its pages",
        ("0d0cab9f37", "d9599f5727"),
        machine=_ON,
        rounds=0,
    ),
    Variant(
        "full-image-not-full",
        "M22",
        StartsOverWithAnIncrement,
        "an image that counts as full has only what was dirtied since the last one",
        ("75e05ab118",),
        machine=_ON,
        rounds=0,
    ),
    Variant(
        "full-image-keeps-log",
        "-",
        KeepsTheLogAtAFullImage,
        "a full image does not reset the log: the next increment is larger than it need be",
        ("75e05ab118",),
        sound=True,
        machine=_ON,
        rounds=0,
    ),
)
