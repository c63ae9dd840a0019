"""The judge beside the wire: a thread that is given the bytes, and is left behind when it fails or is too slow."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from threading import Thread
from typing import Any, Literal

from attrs import field, frozen

from refmodel.fast.images import Image
from refmodel.fast.qemu import QemuReading
from refmodel.fast.verdict import Reading, judge_reading
from refmodel.fast.xen import XenMemory, XenReading
from refmodel.oracle.events import Abort
from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.qemu_command_records import Command, CommandKind
from refmodel.oracle.readers.qemu_multifd import PREEMPT
from refmodel.oracle.readers.qemu_records import BlockList, Section, SectionKind
from refmodel.oracle.verdict import Verdict
from refmodel.oracle.xen.records import Vcpu, Verify
from refmodel.tap.breaks import Breaks
from refmodel.tap.given import Bytes

__all__ = ["Judging", "Stream"]


@frozen
class Stream:
    """What is to be read, and the memory that it is compared with."""

    where: str
    of: Literal["qemu", "xen"] = "qemu"
    memory: Sequence[Image] | Sequence[XenMemory] = ()
    deltas: bool = False
    most: int = field(default=1 << 30)
    """Bytes that the judge may be behind."""


class Judging:
    """Judges a stream while it comes. ``wake`` is called from the thread when something is to be seen here.

    ``joined`` is called from the thread, and returns when every channel of the migration must have connected;
    ``given_up`` is, when the stream has ended early before a switch to post-copy: how the migration was given up.
    """

    def __init__(
        self,
        stream: Stream,
        wake: Callable[[], None],
        joined: Callable[[], None] = lambda: None,
        given_up: Callable[[], Abort | None] = lambda: None,
    ) -> None:
        self.bytes = Bytes()
        self.parsed = 0
        """The end of the last whole record that was read, as long as the guest runs at the source."""
        self.tail_at: int | None = None
        """Where the stop-and-copy begins, once it was seen."""
        self.switched = False
        """The guest goes on at the target while pages are owed: post-copy."""
        self.returns = False
        """The source waits for the target's word, on a return path."""
        self.blocks: tuple[str, ...] = ()
        """QEMU's RAM blocks, once they were listed."""
        self.verdict: Verdict | None = None
        self.failure: str | None = None
        """Why there is no verdict."""
        self._stream = stream
        self._wake = wake
        self._joined = joined
        self._channels: list[Bytes] = []
        self._all_are_here = False
        self._over = False
        self._reading = Breaks(self._of(stream), lambda: None if self.switched else given_up())
        self._thread = Thread(target=self._run, name="judge", daemon=True)
        self._thread.start()

    def _of(self, stream: Stream) -> Reading:
        where, memory = stream.where, stream.memory
        opens = lambda: nullcontext(self.bytes)  # noqa: E731
        if stream.of == "xen":
            return XenReading(where, opens, memory, again=False, watch=self._watch, live=True)  # type: ignore[arg-type]
        return QemuReading(
            where,
            opens,
            memory,  # type: ignore[arg-type]
            stream.deltas,
            again=False,
            watch=self._watch,
            channels=self._all_channels,
        )

    @property
    def is_over(self) -> bool:
        """It has a verdict, or will never have one."""
        return self.verdict is not None or self.failure is not None

    @property
    def ended_early(self) -> bool:
        """The stream ended before its end marker."""
        return self._reading.ended_early

    @property
    def has_channels(self) -> bool:
        """Some connected beside the stream."""
        return bool(self._channels)

    @property
    def behind(self) -> int:
        """Bytes that were given and not read yet."""
        return self.bytes.waiting + sum(channel.waiting for channel in self._channels)

    @property
    def abort(self) -> Abort | None:
        """How the migration was given up, where its stream ended early and somebody said so."""
        return self._reading.abort

    @property
    def starves(self) -> bool:
        """It waits for bytes of the stream that have not come."""
        return self.bytes.starves

    def channel(self) -> int:
        """One more channel beside the stream; its number, for ``give``."""
        if self._all_are_here:
            self.leave("a channel connected after the first sync point, which waits for all of them")
        self._channels.append(Bytes())
        return len(self._channels) - 1

    def give(self, data: bytes, channel: int | None = None) -> None:
        """More of the stream, or of a channel; over so many bytes that were not read the judge is left behind."""
        if self.is_over:
            return
        if self._over and channel is None:
            self.leave("bytes came after the stream's end marker")
        elif self.behind + len(data) > self._stream.most:
            self.leave(f"it was more than {self._stream.most} bytes behind the wire")
        else:
            (self.bytes if channel is None else self._channels[channel]).give(data)

    def end(self, channel: int | None = None) -> None:
        """The stream is over, or a channel of it is."""
        if channel is not None:
            self._channels[channel].end()
            return
        self._over = True
        self.bytes.end()

    def leave(self, why: str) -> None:
        """Go on without a verdict."""
        if not self.is_over:
            silent = not all(channel.came for channel in self._channels)
            self.failure = f"{why}; a channel says nothing: {PREEMPT}, which is not read?" if silent else why
            self._drop()
            self._wake()

    def _drop(self) -> None:
        for each in (self.bytes, *self._channels):
            each.drop()

    def _all_channels(self) -> list[ByteSource]:
        self._joined()
        self._all_are_here = True
        return [ByteSource(channel, f"multifd channel {number}") for number, channel in enumerate(self._channels)]

    def _watch(self, record: Any, offset: int) -> None:
        if isinstance(record, Command):
            self.returns |= record.kind is CommandKind.OPEN_RETURN_PATH
            self.switched |= record.kind is CommandKind.PACKAGED
            self._wake()
        if isinstance(record, BlockList):
            self.blocks = tuple(block.name for block in record.blocks)
        if self.tail_at is None:
            if _stops(record):
                self.tail_at = record.offset
            else:
                self.parsed = offset
            self._wake()

    def _run(self) -> None:
        try:
            verdict = judge_reading(self._reading)
        except Exception as error:  # whatever it is, it is the judge's, and not the migration's
            self.failure = self.failure or f"it failed ({type(error).__name__}: {error})"
        else:
            if self.failure is None:
                self.verdict = verdict
        self._drop()
        self._wake()


def _stops(record: Any) -> bool:
    """The guest stands still at the source from this record on."""
    if isinstance(record, Section):
        return record.kind is SectionKind.END
    return isinstance(record, Verify) or (isinstance(record, Vcpu) and record.part == "basic")
