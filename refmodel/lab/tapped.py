"""The wire of the lab: the tap itself, which passes a migration on, may do a fault, and judges it as it passes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from refmodel.fast.images import Image
from refmodel.lab.faults import Fault
from refmodel.lab.machine import Qemu
from refmodel.lab.scenarios import Scenario
from refmodel.tap.address import Address
from refmodel.tap.plan import Sockets, Told
from refmodel.tap.source import asked, shared
from refmodel.tap.tap import run_tap

__all__ = ["Wire", "wired"]


class Wire:
    """Where the source migrates to, and what the tap says in the end."""

    def __init__(self, listen: Path, tapping: "asyncio.Task[Told]") -> None:
        self.listen = listen
        self._tapping = tapping

    async def told(self) -> Told:
        """Once both ends have done with it."""
        return await self._tapping


@asynccontextmanager
async def wired(source: Qemu, folder: Path, scenario: Scenario, fault: Fault | None = None) -> AsyncIterator[Wire]:
    """A tap that listens at ``folder / "wire.sock"`` for the source, and reads its RAM; gone when the block is left."""
    listen, ready = folder / "wire.sock", asyncio.Event()
    listen.unlink(missing_ok=True)

    def images(loop: asyncio.AbstractEventLoop) -> list[Image]:
        return [asked(Address(str(source.monitors[1])), loop)] if scenario.asks else shared((source.shared,))

    plan = Sockets(
        Address(str(listen)),
        Address(str(folder / "dst.mig")),
        images,
        Address(str(source.monitors[1])),
        deltas="xbzrle" in scenario.capabilities,
        edit=fault.passed if fault else None,
        record=folder,
        abort=scenario.aborts,
        ready=ready.set,
    )
    tapping = asyncio.create_task(run_tap(plan))
    waiting = asyncio.create_task(ready.wait())
    try:
        await asyncio.wait({tapping, waiting}, return_when=asyncio.FIRST_COMPLETED)
        yield Wire(listen, tapping)
    finally:
        for task in (waiting, tapping):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(waiting, tapping, return_exceptions=True)
