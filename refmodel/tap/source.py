"""Where the source's memory is had from at the stop: a file that it shares, or QEMU itself, asked over QMP."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from refmodel.fast.images import Image
from refmodel.fast.inputs import images_of
from refmodel.fast.xen_memory import XenMemory
from refmodel.tap.address import Address
from refmodel.tap.monitor import connected
from refmodel.unusable import Unusable

__all__ = ["asked", "shared", "suspended"]

_BELOW_THE_HOLE = 3 << 30
"""Up to here a PC's block pc.ram lies in one piece from guest-physical address 0 (QEMU hw/i386/pc_piix.c, pc_q35.c)."""
_SECONDS = 60.0


def shared(files: tuple[str, ...]) -> list[Image]:
    """Files of RAM that the source shares (memory-backend-file, share=on)."""
    for image in images_of(files):
        if not Path(image.name).is_file():
            raise Unusable("--source-ram", f"no file {image.name}", "the file of the source's RAM")
    return images_of(files)


def suspended(files: tuple[str, ...]) -> list[XenMemory]:
    """Xen's domain as it was suspended: an image (``refmodel.oracle.xen.memory_image``), read when the stream ends."""
    return [XenMemory("source", path, is_raw=False) for path in files]


def asked(address: Address, loop: asyncio.AbstractEventLoop, block: str = "pc.ram") -> Image:
    """What QEMU writes of its RAM when it is asked to (``pmemsave``), once the source stands still."""

    def opens() -> AbstractContextManager[Any]:
        return _saved(address, loop)

    return Image(block, f"RAM by {address}", opens)


@contextmanager
def _saved(address: Address, loop: asyncio.AbstractEventLoop) -> Iterator[Any]:
    with TemporaryDirectory(prefix="refmodel-ram-") as folder:
        path = Path(folder) / "ram"
        asking = asyncio.run_coroutine_threadsafe(_save(address, path), loop)
        try:
            asking.result(_SECONDS)
        except Unusable:
            raise
        except Exception as error:
            asking.cancel()
            said = str(error) or type(error).__name__
            raise Unusable(f"--qmp {address}", f"the RAM was not written ({said})", "QEMU at its monitor") from error
        with path.open("rb", buffering=0) as file:
            yield file


async def _save(address: Address, path: Path) -> None:
    async with connected(address) as client:
        size = int((await client.execute("query-memory-size-summary"))["base-memory"])
        if size > _BELOW_THE_HOLE:
            raise Unusable("--qmp", f"RAM of {size} bytes", "at most 3 GiB, or --source-ram")
        await client.execute("pmemsave", {"val": 0, "size": size, "filename": str(path)})
