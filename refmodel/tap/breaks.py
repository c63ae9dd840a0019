"""How a stream breaks while it passes: an early end, and what may be a newer sender's, are kept apart from damage.

A recording of a known version can only be damaged there; a wire that is cut for it would stop a right migration.
"""

from attrs import define

from refmodel.fast.columns import Feed
from refmodel.fast.images import Wanted
from refmodel.fast.verdict import Reading
from refmodel.oracle.readers.errors import EarlyEnd, NotReadYet, UnknownKind

__all__ = ["Breaks"]


@define
class Breaks:
    """A reading, of which it is noted how it breaks."""

    _reading: Reading
    ended_early: bool = False
    """The stream, or a channel of it, ended before its end marker."""

    @property
    def where(self) -> str:
        """Its name, for messages."""
        return self._reading.where

    @property
    def again(self) -> bool:
        """Whether it can be read a second time."""
        return self._reading.again

    @property
    def is_stream(self) -> bool:
        """It is bytes of a hypervisor's, whose structure can break."""
        return self._reading.is_stream

    def feed(self, wanted: Wanted | None) -> Feed:
        """All of it. `NotReadYet` where a kind of record is unknown: nothing is judged then."""
        try:
            yield from self._reading.feed(wanted)
        except EarlyEnd:
            self.ended_early = True
            raise
        except UnknownKind as error:
            what = f"{error.record} of {error.found}"
            raise NotReadYet(self.where, error.offset, what, error.expected) from error
