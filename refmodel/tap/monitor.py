"""The source's monitor (QMP): what QEMU says of a migration that broke off, and of the guest."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from refmodel.oracle.events import Abort
from refmodel.tap.address import Address
from refmodel.unusable import Unusable

__all__ = ["connected", "given_up"]

_GIVEN_UP = ("failed", "cancelled")
_PAUSE = 0.05


@asynccontextmanager
async def connected(address: Address) -> AsyncIterator[Any]:
    """A client of the monitor, for a few questions: it serves one client at a time. Unusable without the extra."""
    try:
        from qemu.qmp import QMPClient
    except ImportError:
        raise Unusable("--qmp", "no qemu.qmp", "the extra: pip install 'refmodel[lab]'") from None
    client = QMPClient("refmodel")
    await client.connect(address.path if address.path is not None else (address.host, address.port))
    try:
        yield client
    finally:
        await client.disconnect()


async def given_up(address: Address, seconds: float) -> Abort | None:
    """How a migration ended whose stream broke off: given up, or, without an end marker (None), complete.

    A guest that the migration has stopped is let run on after the migration's state is set (QEMU 7.2
    migration/migration.c, migration_iteration_finish): so many seconds are waited. Unusable where QEMU does not come to
    an end of it, and where somebody has paused the guest.
    """
    until = asyncio.get_running_loop().time() + seconds
    async with connected(address) as client:
        while True:
            state = (await client.execute("query-migrate")).get("status", "none")
            if state == "completed":
                return None
            guest = await client.execute("query-status")
            if state in _GIVEN_UP and guest["running"]:
                return Abort()
            if asyncio.get_running_loop().time() >= until:
                break
            await asyncio.sleep(_PAUSE)
    if state not in _GIVEN_UP:
        raise Unusable(f"--qmp {address}", f"the stream broke off, and the migration is {state}", "an end of it")
    if guest["status"] == "paused":
        raise Unusable(f"--qmp {address}", f"the migration {state}, and the guest is paused", "a guest that may run")
    return Abort(runs=False)
