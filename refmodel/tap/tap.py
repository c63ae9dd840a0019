"""A tap of QEMU: listens for the source, connects to the target; other connections are channels of the migration."""

import asyncio
from asyncio import StreamReader, StreamWriter
from pathlib import Path

from refmodel.tap.forwarding import Forwarding
from refmodel.tap.judging import Stream
from refmodel.tap.plan import Sockets, Told
from refmodel.unusable import Unusable

__all__ = ["run_tap"]

_CHANNELS_END = 1.0
"""Seconds."""


async def run_tap(plan: Sockets) -> Told:
    """Wait for a migration, pass it on, and say what came of it. Unusable where it cannot even begin."""
    images = list(plan.images(asyncio.get_running_loop()))
    stream = Stream(str(plan.listen), "qemu", images, plan.deltas, plan.behind)
    tap = _Tap(plan, Forwarding(plan, stream, plan.edit))
    try:
        server = await plan.listen.served(tap.accept)
    except OSError as error:
        raise Unusable("--listen", f"{plan.listen}: {error.strerror or error}", "an address that is free") from None
    try:
        async with server:
            plan.ready()
            await tap.over.wait()
            server.close()
            if tap.refused is not None:
                raise tap.refused
            await tap.channels_end()
            await tap.forwarding.finish()
    finally:
        await tap.stop()
        tap.forwarding.kept.close()
        if plan.listen.path is not None:
            Path(plan.listen.path).unlink(missing_ok=True)
    return tap.forwarding.told


class _Tap:
    def __init__(self, plan: Sockets, forwarding: Forwarding) -> None:
        self.forwarding = forwarding
        self.over = asyncio.Event()
        self.refused: Unusable | None = None
        self._plan = plan
        self._connections = 0
        self._main: asyncio.Task[None] | None = None
        self._channels: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        """Connections are made in the order in which they came: QEMU before 8.0 takes the first for the stream."""

    async def accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        """A connection of the source: the first is the migration, others are channels of it."""
        number, self._connections = self._connections, self._connections + 1
        channel = self.forwarding.judging.channel() if number else None
        task = asyncio.create_task(self._serve(channel, reader, writer))
        if channel is None:
            self._main = task
        else:
            self._channels.add(task)

    async def _serve(self, channel: int | None, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            async with self._turn:
                target = await self._plan.forward.connected()
        except OSError as error:
            writer.close()
            if channel is None:
                why = f"{self._plan.forward}: {error.strerror or error}"
                self.refused = Unusable("--forward", why, "a target that listens")
                self.over.set()
            return
        if channel is not None:
            await self.forwarding.channel(channel, reader, writer, *target)
            return
        try:
            await self.forwarding.run(reader, writer, *target)
        finally:
            self.over.set()

    async def channels_end(self) -> None:
        """The migration is over: its channels are as well, soon."""
        if self._channels:
            await asyncio.wait(self._channels, timeout=_CHANNELS_END)

    async def stop(self) -> None:
        """Close what is still open."""
        tasks = [*self._channels, *([self._main] if self._main else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
