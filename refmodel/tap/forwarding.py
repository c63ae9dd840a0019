"""What a tap does between two ends: source to target through the gate, target to source as it comes.

Of QEMU the end of the stream is held, without which the target cannot start. Of Xen the target's replies are: before
"ready to unpause" xl gives no leave to, and without it the domain goes on at the source.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Sequence
from contextlib import suppress

from refmodel.tap.outgoing import Outgoing
from refmodel.tap.passing import PIECE

__all__ = ["Forwarding"]


class Forwarding(Outgoing):
    """Both ways, and the channels beside them."""

    async def run(self, reader: StreamReader, writer: StreamWriter, there: StreamReader, target: StreamWriter) -> None:
        """Pass everything on, until both ends are done with, lost, or given up."""
        tasks = [
            asyncio.create_task(run)
            for run in (self._going(target), self._coming(reader), self._back(there, writer), self._quiet())
        ]
        going, quiet = tasks[0], tasks[3]
        try:
            await asyncio.wait({going, quiet}, return_when=asyncio.FIRST_COMPLETED)
            if self.told.target in ("open", "closed") and not quiet.done():
                # All of the stream is with the target: what it still has to say to the source is passed on.
                rest = asyncio.create_task(_all(tasks[1:3]))
                await asyncio.wait({rest, quiet}, return_when=asyncio.FIRST_COMPLETED)
                tasks.append(rest)
            if self.told.target == "cut" and self.stands_still and self.taken_back is None:
                self.kept.truth(self.stream.memory)  # when the wire is closed, the guest goes on at the source
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self.judging.end()
        abrupt = not {self.told.source, self.told.target} <= {"closed", "open"}
        for each in (writer, target):
            await _closed(each, abrupt)

    async def _back(self, there: StreamReader, writer: StreamWriter) -> None:
        """From the target to the source."""
        while True:
            try:
                data = await there.read(PIECE)
            except OSError:
                self.told.target = "lost"
                self.changed.set()
                return
            with suppress(OSError):  # of the source: that shows where it is read
                if data:
                    self.last = self.loop.time()
                    if not await self._is_cleared(data):
                        return
                    writer.write(data)
                    await writer.drain()
                    continue
                if self.told.target == "open":
                    self.told.target = "closed"
                if writer.can_write_eof():
                    writer.write_eof()
            if not data:
                return

    async def _is_cleared(self, reply: bytes) -> bool:
        """Whether a reply is passed on, once the judge has spoken; one that answers no stream is, at once."""
        if not self.holds_replies or not self.gate.came:
            return True
        began = self.loop.time()
        held = not self.judging.is_over
        while not self.judging.is_over:
            self.last = self.loop.time()  # nobody is silent: it is the judge who takes its time
            if self.last > began + self.plan.patience:
                self.judging.leave(f"a reply was held for {self.plan.patience:g} s")
            await asyncio.sleep(0.002)
        if held:
            self.gate.held += len(reply)
            self.told.added_downtime = (self.told.added_downtime or 0.0) + self.loop.time() - began
        return not self.is_to_be_cut

    async def _quiet(self) -> None:
        """Returns when both ends have been silent for too long."""
        silence = self.plan.silence
        while silence is None or (left := self.last + silence - self.loop.time()) > 0:
            await asyncio.sleep(3600 if silence is None else left)
            if self.gate.holds_the_tail:  # it is the judge who takes its time
                self.last = self.loop.time()
        if self.told.source == "open":
            self.told.source = "silent"
        if self.told.target == "open" and (self.gate.allowed or self.ended):
            self.told.target = "silent"

    async def channel(
        self, number: int, reader: StreamReader, writer: StreamWriter, there: StreamReader, target: StreamWriter
    ) -> None:
        """A channel that has joined: its bytes pass at once, as the target does nothing without the stream's end."""

        async def pump(from_: StreamReader, to: StreamWriter, is_source: bool) -> None:
            with suppress(OSError):
                while data := await from_.read(PIECE):
                    self.last = self.loop.time()
                    if is_source:
                        self.kept.write(f"stream.mfd{number}", data)
                        self.judging.give(data, number)
                    to.write(data)
                    await to.drain()
                if to.can_write_eof():
                    to.write_eof()
            if is_source:
                self.judging.end(number)

        whole = False
        try:
            await asyncio.gather(pump(reader, target, True), pump(there, writer, False))
            whole = True
        finally:
            for each in (writer, target):
                await _closed(each, abrupt=not whole)


async def _closed(writer: StreamWriter, abrupt: bool = False) -> None:
    """Close an end; ``abrupt``: without sending what still waits."""
    if abrupt:
        with suppress(AttributeError):  # of a pipe that is closed already
            writer.transport.abort()
    writer.close()
    with suppress(OSError, asyncio.CancelledError):
        await writer.wait_closed()


async def _all(tasks: Sequence["asyncio.Task[None]"]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
