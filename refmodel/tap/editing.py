"""A hook in the wire: records in, bytes out, before the judge and the target see any of them.

The hook runs in a thread of its own, as the readers wait for bytes. It works on records up to the end of the RAM; what
follows passes as it came. Should the hook fail, or the stream not be readable, so does everything else.
"""

import asyncio
from collections.abc import Callable, Iterator
from threading import Thread

from refmodel.oracle.readers.bytesource import ByteSource
from refmodel.oracle.readers.qemu_records import Footer, Record, Section, SectionKind
from refmodel.oracle.readers.qemu_stream import read_stream
from refmodel.tap.given import Bytes

__all__ = ["Cut", "Edit", "Editing", "edited"]

Edit = Callable[[Record, bytes], bytes]
"""What goes out for a record and its bytes; raises `Cut` to cut the wire."""


class Cut(Exception):
    """The wire is cut here."""


class _Kept:
    """The bytes of a file; those that were read and are not asked for yet are kept."""

    def __init__(self, file: Bytes) -> None:
        self._file = file
        self._kept = bytearray()
        self._at = 0

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes; none at the end."""
        data = self._file.read(size)
        self._kept += data
        return data

    def up_to(self, end: int) -> bytes:
        """What is kept, up to this offset."""
        data = bytes(self._kept[: end - self._at])
        del self._kept[: len(data)]
        self._at += len(data)
        return data

    def rest(self) -> Iterator[bytes]:
        """What is kept, and all that comes."""
        yield self.up_to(self._at + len(self._kept))
        while data := self._file.read(1 << 16):
            yield data


def edited(file: Bytes, name: str, edit: Edit, failed: Callable[[str], None]) -> Iterator[bytes]:
    """What goes out of what comes. `failed` is told why a stream is passed on as it is from some place on."""
    kept, end, unedited = _Kept(file), False, b""
    try:
        for record in read_stream(ByteSource(kept, name)):
            unedited = kept.up_to(record.offset + record.length)
            data, unedited = edit(record, unedited), b""
            yield data
            if isinstance(record, Footer) and end:
                break
            end |= isinstance(record, Section) and record.kind is SectionKind.END
    except Cut:
        raise
    except Exception as error:  # the hook's, or the reader's: the migration is not harmed
        failed(f"the hook ends: {error or type(error).__name__}")
        yield unedited
    yield from kept.rest()


class Editing:
    """A hook at work. ``pieces`` are what goes out: bytes, then None at the end, or `Cut`."""

    def __init__(self, name: str, edit: Edit, failed: Callable[[str], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._edit = edit
        self._name = name
        self._failed = failed
        self._bytes = Bytes()
        self.pieces: asyncio.Queue[bytes | Cut | None] = asyncio.Queue()
        Thread(target=self._run, name="hook", daemon=True).start()

    @property
    def waiting(self) -> int:
        """Bytes that the hook has not read yet."""
        return self._bytes.waiting

    def give(self, data: bytes) -> None:
        """More bytes have come."""
        self._bytes.give(data)

    def end(self) -> None:
        """There will be no more."""
        self._bytes.end()

    def _run(self) -> None:
        try:
            for data in edited(self._bytes, self._name, self._edit, self._failed):
                self._out(data)
        except Cut as cut:
            self._out(cut)
            return
        self._out(None)

    def _out(self, piece: bytes | Cut | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self.pieces.put_nowait, piece)
        except RuntimeError:  # the loop is closed: nobody waits any more
            self._bytes.drop()
