"""Several files in one input: each after its length, u32 little endian. Any bytes are some files."""

__all__ = ["pack", "unpack"]


def pack(files: list[bytes]) -> bytes:
    """The files as one input."""
    return b"".join(len(data).to_bytes(4, "little") + data for data in files)


def unpack(data: bytes, count: int) -> list[bytes]:
    """So many files; a length beyond the end stands for the rest, and a file that does not come is empty."""
    found, at = [], 0
    for _ in range(count):
        size = int.from_bytes(data[at : at + 4], "little")
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found
