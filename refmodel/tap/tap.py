"""The connections of a tap: source to target through the gate, target to source as it comes."""

import asyncio
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from refmodel.oracle.verdict import Verdict
from refmodel.tap.gate import Gate
from refmodel.tap.judging import Judging
from refmodel.tap.plan import Plan, Told
from refmodel.tap.recording import Kept
from refmodel.unusable import Unusable

__all__ = ["run_tap"]

_PIECE = 1 << 18
_MOST_WAITING = 8 << 20
"""Bytes that wait for a slow target before the source is read on."""


async def run_tap(plan: Plan) -> Told:
    """Wait for a migration, pass it on, and say what came of it. Unusable where it cannot even begin."""
    tap = _Tap(plan, asyncio.get_running_loop())
    try:
        server = await plan.listen.served(tap.accept)
    except OSError as error:
        raise Unusable("--listen", f"{plan.listen}: {error.strerror or error}", "an address that is free") from None
    try:
        async with server:
            plan.ready()
            await tap.over.wait()
            server.close()
            await tap.finish()
    finally:
        tap.kept.close()
        if plan.listen.path is not None:
            Path(plan.listen.path).unlink(missing_ok=True)
    if tap.refused is not None:
        raise tap.refused
    return tap.told


class _Tap:
    def __init__(self, plan: Plan, loop: asyncio.AbstractEventLoop) -> None:
        self.plan = plan
        self.told = Told()
        self.over = asyncio.Event()
        self.refused: Unusable | None = None
        self._loop = loop
        self._changed = asyncio.Event()
        self._images = list(plan.images(loop))
        self.kept = Kept(plan.record, self.told.failures.append)
        self._judging = Judging(str(plan.listen), self._images, plan.deltas, plan.behind, self._wake)
        self._gate = Gate(self._judging, bool(self._images))
        self._channels = 0
        self._more: set[asyncio.Task[None]] = set()
        self._last = loop.time()
        self._arrived = 0.0
        """When the last byte of the source came."""
        self._ended = False
        """The source will send no more."""

    def _wake(self) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._changed.set)

    async def accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        """A connection of the source: the first is the migration, others are channels of it."""
        number, self._channels = self._channels, self._channels + 1
        try:
            target = await self.plan.forward.connected()
        except OSError as error:
            writer.close()
            if number == 0:
                why = f"{self.plan.forward}: {error.strerror or error}"
                self.refused = Unusable("--forward", why, "a target that listens")
                self.over.set()
            return
        if number == 0:
            await self._main(reader, writer, *target)
        else:
            self._judging.leave("the migration has several channels, which are judged from a recording")
            await self._channel(number - 1, reader, writer, *target)

    async def _main(
        self, reader: StreamReader, writer: StreamWriter, there: StreamReader, target: StreamWriter
    ) -> None:
        tasks = [
            asyncio.create_task(run)
            for run in (self._going(target), self._coming(reader), self._back(there, writer), self._quiet())
        ]
        going, quiet = tasks[0], tasks[3]
        await asyncio.wait({going, quiet}, return_when=asyncio.FIRST_COMPLETED)
        if self.told.target in ("open", "closed") and not quiet.done():
            # All of the stream is with the target: what it still has to say to the source is passed on.
            rest = asyncio.create_task(_all(tasks[1:3]))
            await asyncio.wait({rest, quiet}, return_when=asyncio.FIRST_COMPLETED)
            tasks.append(rest)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._judging.end()
        abrupt = not {self.told.source, self.told.target} <= {"closed", "open"}
        for each in (writer, target):
            await _closed(each, abrupt)
        self.over.set()

    async def _coming(self, reader: StreamReader) -> None:
        """From the source to the gate, and to the judge."""
        try:
            while data := await reader.read(_PIECE):
                self._last = self._arrived = self._loop.time()
                self.kept.write("stream", data)
                self._judging.give(data)
                self._gate.take(data)
                if self._gate.holds_the_tail and self._gate.waiting > self.plan.behind:
                    self._judging.leave(f"more than {self.plan.behind} bytes were held")
                self._changed.set()
                while self._gate.allowed > _MOST_WAITING:
                    await asyncio.sleep(0.001)
            self.told.source = "closed"
        except ConnectionError:
            self.told.source = "lost"
        self._ended = True
        self._judging.end()
        self._changed.set()

    async def _going(self, target: StreamWriter) -> None:
        """From the gate to the target."""
        since: float | None = None
        try:
            while True:
                self._changed.clear()
                self._gate.note()
                held = self._gate.holds_the_tail
                if self._gate.tail_is_whole:
                    self._judging.end()
                if self.told.target == "lost":
                    return
                if self._is_to_be_cut():
                    self.told.target = "cut"
                    return
                if (data := self._gate.next()) is not None:
                    target.write(data)
                    await target.drain()
                    self._last = self._loop.time()
                    since = None
                    continue
                if self._gate.held and not self._gate.waiting and self.told.added_downtime is None:
                    self.told.added_downtime = max(0.0, self._loop.time() - self._arrived)
                if self._ended and not self._gate.waiting:
                    break
                behind = self._gate.waiting > 0 and (held or self._judging.bytes.waiting > 0)
                since = (since or self._loop.time()) if behind else None
                left = None if since is None else max(0.0, since + self.plan.patience - self._loop.time())
                if left == 0.0:
                    what = "the tail was held" if held else "bytes waited"
                    self._judging.leave(f"{what} for {self.plan.patience:g} s")
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), left)
            if target.can_write_eof():
                target.write_eof()
        except ConnectionError:
            self.told.target = "lost"

    def _is_to_be_cut(self) -> bool:
        verdict = self._judging.verdict
        return self.plan.abort and verdict is not None and verdict.verdict == "violation"

    async def _back(self, there: StreamReader, writer: StreamWriter) -> None:
        """From the target to the source."""
        while True:
            try:
                data = await there.read(_PIECE)
            except ConnectionError:
                self.told.target = "lost"
                self._changed.set()
                return
            with suppress(ConnectionError):  # of the source: that shows where it is read
                if data:
                    self._last = self._loop.time()
                    writer.write(data)
                    await writer.drain()
                    continue
                if self.told.target == "open":
                    self.told.target = "closed"
                if writer.can_write_eof():
                    writer.write_eof()
            if not data:
                return

    async def _quiet(self) -> None:
        """Returns when both ends have been silent for too long."""
        silence = self.plan.silence
        while silence is None or (left := self._last + silence - self._loop.time()) > 0:
            await asyncio.sleep(3600 if silence is None else left)
            if self._gate.holds_the_tail:  # it is the judge who takes its time
                self._last = self._loop.time()
        if self.told.source == "open":
            self.told.source = "silent"
        if self.told.target == "open" and (self._gate.allowed or self._ended):
            self.told.target = "silent"

    async def _channel(
        self, number: int, reader: StreamReader, writer: StreamWriter, there: StreamReader, target: StreamWriter
    ) -> None:
        async def pump(from_: StreamReader, to: StreamWriter, name: str | None) -> None:
            with suppress(ConnectionError):
                while data := await from_.read(_PIECE):
                    self._last = self._loop.time()
                    if name is not None:
                        self.kept.write(name, data)
                    to.write(data)
                    await to.drain()
                if to.can_write_eof():
                    to.write_eof()

        await asyncio.gather(pump(reader, target, f"stream.mfd{number}"), pump(there, writer, None))
        for each in (writer, target):
            await _closed(each)

    async def finish(self) -> None:
        """Wait for the verdict, and write down what came of it."""
        told, judging = self.told, self._judging
        until = time.monotonic() + self.plan.patience
        while not judging.is_over and self.refused is None:
            if time.monotonic() > until:
                judging.leave(f"the stream was over for {self.plan.patience:g} s")
            await asyncio.sleep(0.002)
        if judging.failure is not None:
            told.failures.append(f"no verdict of the judge: {judging.failure}")
        told.verdict = self._verdict(judging.verdict)
        told.came, told.passed, told.held = self._gate.came, self._gate.passed, self._gate.held
        self.kept.truth(self._images)
        self.kept.result(told.as_json())

    def _verdict(self, verdict: Verdict | None) -> Verdict | None:
        """Where an end was lost, that the stream breaks off shows nothing of the migration."""
        ends = ((name, end) for name, end in (("source", self.told.source), ("target", self.told.target)))
        gone = [f"the {name} was {end}" for name, end in ends if end in ("lost", "silent")]
        only_broken = verdict is not None and {found.rule for found in verdict.findings} == {"the-stream-is-whole"}
        if verdict is None or not gone or not only_broken:
            return verdict
        return Verdict(
            "unusable", reason=f"{' and '.join(gone)} after {self._gate.came} bytes: nothing was handed over"
        )


async def _closed(writer: StreamWriter, abrupt: bool = False) -> None:
    if abrupt:
        writer.transport.abort()
    writer.close()
    with suppress(ConnectionError, asyncio.CancelledError):
        await writer.wait_closed()


async def _all(tasks: Sequence["asyncio.Task[None]"]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
