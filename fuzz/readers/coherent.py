"""Files taken apart so that their counts and lengths are made right when they are put together again.

A page dropped from a record whose count stays is refused at once; here the count follows, and what lies behind it is
reached. Each piece begins with a letter that says what it is; a letter that a mutation made nonsense stands for bytes
as they are.
"""

import struct

from fuzz.readers.qemu_pieces import channel_pieces
from fuzz.readers.xen_pieces import image_pieces, stream_pieces

__all__ = ["join_channel", "join_image", "join_xen", "split_channel", "split_image", "split_xen"]


def split_xen(data: bytes) -> list[bytes]:
    """Records; a PAGE_DATA as a head, and an entry with its bytes for each page."""
    found: list[bytes] = []
    for piece in stream_pieces(data):
        raw = data[piece.start : piece.end]
        if piece.kind != 1:
            found.append(b"R" + raw)
        elif piece.pfn >= 0:
            found.append(b"E" + (piece.pfn | piece.type << 60).to_bytes(8, "little") + raw)
        elif len(raw) == 16:
            found.append(b"P" + raw)
    return found


def join_xen(pieces: list[bytes]) -> bytes:
    """The stream, each PAGE_DATA with its count and length."""
    out: list[bytes] = []
    entries: list[bytes] = []

    def close() -> None:
        if entries:
            data = b"".join(entry[9:] for entry in entries)
            size = 8 + 8 * len(entries) + len(data)
            out.append(struct.pack("<IIII", 1, size, len(entries), 0))
            out.extend(entry[1:9] for entry in entries)
            out.append(data)
            entries.clear()

    for piece in pieces:
        if piece[:1] == b"E" and len(piece) >= 9:
            entries.append(piece)
            continue
        close()
        if piece[:1] != b"P":
            out.append(piece[1:])
    close()
    return b"".join(out)


def split_image(data: bytes) -> list[bytes]:
    """A memory image: its head with the context, and each frame's row with its page."""
    spans = [data[piece.start : piece.end] for piece in image_pieces(data)]
    rows = [span for span in spans[3:] if len(span) == 24]
    pages = [span for span in spans[3:] if len(span) == 4096]
    return [b"H" + b"".join(spans[:3])] + [b"F" + row + page for row, page in zip(rows, pages, strict=False)]


def join_image(pieces: list[bytes]) -> bytes:
    """The image, with the count of its frames and the length of its context."""
    head = b"".join(piece[1:] for piece in pieces if piece[:1] != b"F")
    frames = [piece for piece in pieces if piece[:1] == b"F"]
    if len(head) >= 32:
        head = head[:16] + struct.pack("<Q", len(frames)) + head[24:28] + struct.pack("<I", len(head) - 32) + head[32:]
    return b"".join([head, *(frame[1:25] for frame in frames), *(frame[25:] for frame in frames)])


def split_channel(data: bytes) -> list[bytes]:
    """A multifd channel: each packet's head, and each page with its address."""
    found: list[bytes] = []
    for piece in channel_pieces(data):
        raw = data[piece.start : piece.end]
        if piece.pfn >= 0:
            found.append(b"E" + (piece.pfn << 12).to_bytes(8, "big") + raw)
        else:
            found.append((b"P" if len(raw) == 1344 else b"R") + raw)
    return found


def join_channel(pieces: list[bytes]) -> bytes:
    """The channel, each packet with its counts, its size and its addresses."""
    out: list[bytes] = []
    head = b""
    pages: list[bytes] = []

    def close() -> None:
        nonlocal head
        if head:
            some = pages[:128]
            counts = struct.pack(">III", len(some), len(some), 4096 * len(some))
            places = b"".join(page[1:9] for page in some).ljust(1024, b"\0")
            out.extend([head[:12], counts, head[24:320], places, *(page[9:] for page in some)])
        head = b""
        pages.clear()

    for piece in pieces:
        if piece[:1] == b"E" and len(piece) >= 9:
            pages.append(piece)
            continue
        close()
        if piece[:1] == b"P" and len(piece) >= 321:
            head = piece[1:]
        else:
            out.append(piece[1:])
    close()
    return b"".join(out)
