"""What a campaign has done, over all its sessions: ``statistics.json``. The states that it met are a bit map in it."""

import base64
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
from attrs import define, field

from fuzz.campaigns.status import STATES
from fuzz.campaigns.store import read_input, write_atomically
from refmodel.unusable import Unusable

__all__ = ["Statistics"]

_FORMAT, _VERSION = "refmodel-campaign-statistics", 1
_COUNTS = {"sessions": int, "seconds": float, "runs": int, "features": int, "again": int, "restarts": int,
           "last_new": float}  # fmt: skip


@define
class Statistics:
    """Counts that only grow."""

    sessions: int = 0
    seconds: float = 0.0
    runs: int = 0
    features: int = 0
    again: int = 0
    restarts: int = 0
    last_new: float = 0.0
    """``seconds`` when a state or a feature was last met that was new."""
    met: bytearray = field(factory=lambda: bytearray(STATES // 8), repr=False)
    states: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.states = int.from_bytes(self.met, "little").bit_count()

    def add_states(self, new: Iterable[int]) -> None:
        """Count what is new of these."""
        before = self.states
        for state in new:
            at, bit = state >> 3, 1 << (state & 7)
            if not self.met[at] & bit:
                self.met[at] |= bit
                self.states += 1
        if self.states > before:
            self.last_new = self.seconds

    def add_features(self, features: int) -> None:
        """So many has a worker now."""
        if features > self.features:
            self.features, self.last_new = features, self.seconds

    def save(self, path: Path, more: dict[str, Any]) -> None:
        """Write them, with what people may want to read beside them. OSError where that cannot be."""
        fields = {name: getattr(self, name) for name in _COUNTS} | {"states": self.states, **more}
        met = base64.b64encode(zlib.compress(bytes(self.met), 1)).decode()
        head = {"format": _FORMAT, "version": _VERSION}
        write_atomically(path, orjson.dumps({**head, **fields, "met": met}, option=orjson.OPT_INDENT_2) + b"\n")


def load(path: Path) -> Statistics:
    """Those of a campaign, or of one that has not begun; Unusable for a file that holds something else."""
    if not path.exists():
        return Statistics()
    try:
        fields = orjson.loads(read_input(path))
        if (fields["format"], fields["version"]) != (_FORMAT, _VERSION):
            raise ValueError(f"format {fields['format']!r}, version {fields['version']!r}")
        counts = {name: kind(fields[name]) for name, kind in _COUNTS.items()}
        met = bytearray(zlib.decompress(base64.b64decode(fields["met"])))
        if len(met) != STATES // 8 or min(counts.values()) < 0:
            raise ValueError("counts below 0, or a map of another size")
    except (OSError, ValueError, KeyError, TypeError, zlib.error) as error:
        what = f"no statistics of a campaign ({type(error).__name__}: {error})"
        raise Unusable(str(path), what, "the file as it was written; without it, the counts begin at 0") from None
    return Statistics(**counts, met=met)
