"""An input that a campaign without libFuzzer has found something with: the shortest of a kind is kept, in a file."""

from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from attrs import field, frozen

__all__ = ["Crash", "keep_shortest"]

K = TypeVar("K")


@frozen
class Crash:
    """What `target` does not survive, or is wrong about; `key` is the kind of it."""

    target: str
    key: str
    message: str
    data: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """A file's name for it."""
        return f"{self.target}-{sha256(self.data).hexdigest()[:12]}"

    def write(self, folder: Path) -> Path:
        """Put the input into the folder, which need not be there. OSError where it cannot be written."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / self.name
        path.write_bytes(self.data)
        return path


def keep_shortest(crashes: dict[K, Crash], key: K, crash: Crash) -> None:
    """Keep the crash, unless one of the same key is as short."""
    crashes[key] = min(crashes.get(key, crash), crash, key=lambda one: len(one.data))
