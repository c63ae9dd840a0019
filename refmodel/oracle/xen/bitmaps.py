"""Dirty bitmaps as Xen returns them: bit k of byte j stands for the pfn 8 j + k."""

from collections.abc import Iterator

from attrs import frozen

__all__ = ["Bitmap"]


@frozen
class Bitmap:
    """A set of pfns."""

    data: bytes

    def __contains__(self, pfn: int) -> bool:
        return pfn >> 3 < len(self.data) and bool(self.data[pfn >> 3] >> (pfn & 7) & 1)

    def __iter__(self) -> Iterator[int]:
        for index, byte in enumerate(self.data):
            if byte:
                yield from (8 * index + bit for bit in range(8) if byte >> bit & 1)

    def __len__(self) -> int:
        return int.from_bytes(self.data, "little").bit_count()

    def without(self, other: "Bitmap") -> "Bitmap":
        """The pfns that are in this one and not in `other`."""
        left = int.from_bytes(self.data, "little") & ~int.from_bytes(other.data, "little")
        return Bitmap(left.to_bytes(len(self.data), "little"))
