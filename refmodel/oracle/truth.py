"""Ground truth beside a stream: what source and target held at the cutover, as digests.

``truth.json``: ``{"source": {"pc.ram": {"PFN": "digest", ...}}, "target": {...}}``; the digest is the first 16 hex
digits of the page's sha256. The target's side may be missing.
"""

import re
from collections.abc import Iterator

import orjson

from refmodel.oracle.events import Memory
from refmodel.oracle.readers.compression import open_input
from refmodel.unusable import Unusable, shown

__all__ = ["read_truth"]

_LARGEST = 1 << 26
"""In bytes: two million pages. It is read whole, and a few bytes of compressed data can stand for very many."""
_DIGEST = re.compile(r"[0-9a-f]{16}")


def read_truth(path: str) -> list[Memory]:
    """The memory of each side as events; Unusable for a file that is no such truth."""
    with open_input(path) as source:
        data = source.read_rest(_LARGEST, "the truth")
    try:
        sides = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Unusable(f"{path}: line {error.lineno}", f"no JSON ({error.msg})", "source and target memory") from None
    if not isinstance(sides, dict) or not isinstance(sides.get("source"), dict):
        raise Unusable(path, "no source memory", '{"source": {"BLOCK": {"PFN": "digest"}}}')
    return list(_memories(sides, path))


def _memories(sides: dict[str, object], path: str) -> Iterator[Memory]:
    for side in ("source", "target"):
        blocks = sides.get(side)
        if blocks is None:
            continue
        if not isinstance(blocks, dict):
            raise Unusable(f"{path}: {side}", shown(blocks), "an object of blocks")
        for block, pages in blocks.items():
            if not isinstance(pages, dict):
                raise Unusable(f"{path}: {side}: {block}", shown(pages), "an object of pages")
            for pfn, digest in pages.items():
                if not re.fullmatch(r"\d{1,15}", pfn, re.ASCII):
                    raise Unusable(f"{path}: {side}: {block}", f"pfn {pfn[:40]!r}", "a decimal number")
                if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
                    raise Unusable(f"{path}: {side}: {block}: {pfn}", shown(digest), "16 hex digits")
                yield Memory("source" if side == "source" else "target", block, int(pfn), digest)
