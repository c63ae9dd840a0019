"""What is interrupted ends, also where at that very moment something else happens."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from refmodel.tap.passing import Passing


@pytest.mark.parametrize("ticks", range(4))
def test_a_wait_is_given_up_though_what_it_waits_for_comes_at_the_same_time(ticks: int) -> None:
    async def both_at_once() -> bool:
        loop = asyncio.get_running_loop()
        tap: Any = SimpleNamespace(changed=asyncio.Event(), plan=SimpleNamespace(patience=9.0), loop=loop)

        async def going() -> None:
            while True:
                tap.changed.clear()
                await Passing.change(tap, loop.time(), "it waits")

        waits = asyncio.ensure_future(going())
        await asyncio.sleep(0.01)
        tap.changed.set()
        for _ in range(ticks):
            await asyncio.sleep(0)
        waits.cancel()
        await asyncio.wait([waits], timeout=2)
        ended = waits.done()
        waits.cancel()
        return ended

    assert asyncio.run(both_at_once())
