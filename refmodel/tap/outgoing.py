"""From the source to the target: what comes, through the hook, to the judge; through the gate, on."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator

from refmodel.oracle.xen.wire import HANDSHAKE
from refmodel.tap.editing import Cut, Editing
from refmodel.tap.passing import PIECE, Passing

__all__ = ["Outgoing"]

_MOST_WAITING = 8 << 20
"""Bytes that wait for a slow target before the source is read on."""
_MOST_PIECES = 1 << 12
"""Of the hook's, records mostly: so many wait before it is given more."""


class Outgoing(Passing):
    """The way that the guest's memory goes."""

    async def _coming(self, reader: StreamReader) -> None:
        """From the source to the gate, and to the judge."""
        try:
            async for data in self._pieces(reader):
                self.last = self.arrived = self.loop.time()
                self.ending = (self.ending + data[-len(HANDSHAKE) :])[-len(HANDSHAKE) :]
                self.kept.write("stream", data)
                self.judging.give(data)
                self.gate.take(data)
                if self.gate.holds_the_tail and self.gate.waiting > self.plan.behind:
                    self.judging.leave(f"more than {self.plan.behind} bytes were held")
                self.changed.set()
                while self.gate.allowed > _MOST_WAITING:
                    await asyncio.sleep(0.001)
            self.told.source = "closed"
        except OSError:  # reset, or, by TCP, timed out or unreachable
            self.told.source = "lost"
        except Cut:
            self.told.target = "cut"
        self.ended = True
        self.judging.end()
        self.changed.set()

    async def _pieces(self, reader: StreamReader) -> AsyncIterator[bytes]:
        """What goes out: what comes, or what the hook makes of it. Raises `Cut`, and OSError."""
        if self.edit is None:
            while data := await reader.read(PIECE):
                yield data
            return
        editing = Editing(self.stream.where, self.edit, self.told.failures.append)
        reading = asyncio.create_task(self._feed(reader, editing))
        try:
            while (piece := await editing.pieces.get()) is not None:
                if isinstance(piece, Cut):
                    raise piece
                if piece:
                    yield piece
            await reading
        finally:
            reading.cancel()
            editing.end()

    async def _feed(self, reader: StreamReader, editing: Editing) -> None:
        try:
            while data := await reader.read(PIECE):
                self.kept.write("stream.orig", data)
                editing.give(data)
                while editing.waiting > _MOST_WAITING or editing.pieces.qsize() > _MOST_PIECES:
                    await asyncio.sleep(0.001)
        finally:
            editing.end()

    async def _going(self, target: StreamWriter) -> None:
        """From the gate to the target."""
        since: float | None = None
        try:
            while True:
                self.changed.clear()
                self.gate.note()
                held = self.gate.holds_the_tail
                if self.gate.tail_is_whole:
                    self.judging.end()
                if self.told.target in ("lost", "cut"):
                    return
                if self.is_to_be_cut or await self.is_taken_back():
                    self.told.target = "cut"
                    return
                if (data := self.gate.next()) is not None:
                    target.write(data)
                    await target.drain()
                    self.last = self.loop.time()
                    since = None
                    continue
                if self.gate.held and not self.gate.waiting and self.told.added_downtime is None:
                    self.told.added_downtime = max(0.0, self.loop.time() - self.arrived)
                if self.ended and not self.gate.waiting:
                    break
                behind = self.gate.waiting > 0 and (held or not self.judging.starves)
                since = (since or self.loop.time()) if behind else None
                await self.change(since, "the tail was held" if held else "bytes waited")
            if target.can_write_eof():
                target.write_eof()
        except OSError:  # reset, or, by TCP, timed out or unreachable
            self.told.target = "lost"
