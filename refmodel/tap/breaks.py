"""How a stream breaks while it passes: an early end, and what may be a newer sender's, are kept apart from damage.

A recording of a known version can only be damaged there; a wire that is cut for it would stop a right migration. And a
migration that is given up ends early: whoever can be asked says whether this one was.
"""

from collections.abc import Callable

from attrs import define

from refmodel.fast.columns import Columns, Control, Feed
from refmodel.fast.images import Wanted
from refmodel.fast.verdict import Reading
from refmodel.oracle.events import VERSION, Abort, Begin, Pause
from refmodel.oracle.judge import Judge
from refmodel.oracle.readers.errors import EarlyEnd, NotReadYet, UnknownKind
from refmodel.oracle.summary import summary
from refmodel.oracle.verdict import Verdict

__all__ = ["Breaks", "handed_nothing_over"]


@define
class Breaks:
    """A reading, of which it is noted how it breaks."""

    _reading: Reading
    _given_up: Callable[[], Abort | None]
    """Asked once the stream has ended early: how the migration was given up; None where it was not, or nobody knows."""
    ended_early: bool = False
    """The stream, or a channel of it, ended before its end marker."""
    abort: Abort | None = None
    """What was said then."""

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
        return self._reading.is_stream and self.abort is None

    def feed(self, wanted: Wanted | None) -> Feed:
        """All of it. `NotReadYet` where a kind of record is unknown: nothing is judged then."""
        number = 0
        try:
            for item in self._reading.feed(wanted):
                number = int(item.numbers[-1]) if isinstance(item, Columns) else item.number
                yield item
        except EarlyEnd:
            self.ended_early = True
            self.abort = self._given_up()
            if self.abort is None:
                raise
            yield Control(number + 1, self.abort)
        except UnknownKind as error:
            what = f"{error.record} of {error.found}"
            raise NotReadYet(self.where, error.offset, what, error.expected) from error


def handed_nothing_over(abort: Abort, where: str) -> Verdict:
    """The verdict on a migration that was given up before the target could start."""
    judge = Judge(where)
    for event in (Begin(VERSION, ()), Pause(), abort):
        judge.take(event)
    return summary(judge)
