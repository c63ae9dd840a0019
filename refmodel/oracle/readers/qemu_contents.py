"""The last sent content of every page, which an XBZRLE record builds on.

The stream does not say beforehand whether such records come, so every content is kept: one slot of 4096 bytes for
each page that was sent as bytes, in memory up to `IN_MEMORY` and in an unnamed temporary file beyond. What stays in
memory is one number a page.
"""

from tempfile import SpooledTemporaryFile

from refmodel.oracle.readers.errors import UnusableInput
from refmodel.oracle.readers.qemu_wire import PAGE_SIZE

IN_MEMORY = 32 * 1024 * 1024
"""Most bytes of contents that are held in memory."""


class Contents:
    """The last content of each page that was sent, by block and pfn. Close it.

    `name` is that of the stream: a temporary file that cannot be used makes it `UnusableInput`.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by close()
        self._slots: dict[tuple[str, int], int] = {}
        self._fills: dict[tuple[str, int], int] = {}

    def set(self, block: str, pfn: int, data: bytes) -> None:
        """The page was sent with the content `data` of 4096 bytes."""
        page = (block, pfn)
        self._fills.pop(page, None)
        slot = self._slots.setdefault(page, len(self._slots))
        try:
            self._file.seek(slot * PAGE_SIZE)
            self._file.write(data)
        except OSError as error:
            what = f"a temporary file for the contents of pages cannot be written ({error.strerror})"
            raise UnusableInput(self._name, 0, what, f"room for {len(self._slots)} pages") from error

    def set_fill(self, block: str, pfn: int, fill: int) -> None:
        """The page was sent as 4096 times the byte `fill`."""
        self._fills[block, pfn] = fill

    def close(self) -> None:
        """Give up the file."""
        self._file.close()

    def get(self, block: str, pfn: int) -> bytes | None:
        """The page's last content, None if it was never sent."""
        page = (block, pfn)
        if (fill := self._fills.get(page)) is not None:
            return bytes([fill]) * PAGE_SIZE
        if (slot := self._slots.get(page)) is None:
            return None
        self._file.seek(slot * PAGE_SIZE)
        return self._file.read(PAGE_SIZE)
