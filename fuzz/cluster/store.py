"""The store where the machines of a campaign meet: any that fsspec knows. Everything in it is named by its content.

campaign.json    what is fuzzed: a store of another campaign is refused
corpus/          inputs                    findings/        each with all its files, packed as JSON
stop-...         that session is over
"""

import contextlib
from typing import Any
from uuid import uuid4

import fsspec
from attrs import field, frozen

from fuzz.campaigns.store import is_name, name_of
from refmodel.unusable import Unusable

__all__ = ["FsspecStore", "Shared"]

_WHOLE_OR_NOT = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "memory"}
"""Where an object is there whole, or not there: no draft is needed."""


@frozen
class FsspecStore:
    """The inputs below one place of a file system (a ``fuzz.campaigns.store.Store``)."""

    fs: Any
    root: str

    def names(self) -> set[str]:
        self.fs.invalidate_cache()
        try:
            found = self.fs.ls(self.root, detail=False)
        except FileNotFoundError:
            return set()
        return {name for name in (str(path).rpartition("/")[2] for path in found) if is_name(name)}

    def get(self, name: str) -> bytes:
        path = f"{self.root}/{name}"
        try:
            data = bytes(self.fs.cat_file(path))
        except OSError as error:
            raise Unusable(path, error.strerror or str(error), "an object that can be read") from None
        if name_of(data) != name:
            raise Unusable(path, "damaged: its content is not what its name says", "the SHA-1 that is its name")
        return data

    def put(self, data: bytes) -> str:
        name = name_of(data)
        path = f"{self.root}/{name}"
        if not self.fs.exists(path):
            write(self.fs, path, data)
        return name


def write(fs: Any, path: str, data: bytes) -> None:
    """Write an object whole or not at all, whoever else writes the same. OSError when it cannot be."""
    fs.makedirs(path.rpartition("/")[0], exist_ok=True)
    if _protocols(fs) & _WHOLE_OR_NOT:
        fs.pipe_file(path, data)
        return
    draft = f"{path}.{uuid4().hex}.part"
    try:
        fs.pipe_file(draft, data)
        fs.mv(draft, path)
    except OSError:
        with contextlib.suppress(OSError):
            fs.rm_file(draft)
        raise


def _protocols(fs: Any) -> set[str]:
    return {fs.protocol} if isinstance(fs.protocol, str) else set(fs.protocol)


@frozen
class Shared:
    """A campaign's store."""

    url: str
    fs: Any = field(repr=False)
    root: str
    corpus: FsspecStore
    findings: FsspecStore

    @classmethod
    def at(cls, url: str) -> "Shared":
        """The store at a URL; Unusable for one that fsspec does not know, or that needs a package more."""
        try:
            fs, root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise Unusable(f"--store {url}", str(error), "a folder, or a URL that fsspec knows, as s3://...") from None
        root = str(root).rstrip("/")
        return cls(url, fs, root, FsspecStore(fs, f"{root}/corpus"), FsspecStore(fs, f"{root}/findings"))

    def begin(self, identity: bytes) -> None:
        """Say what is fuzzed here; Unusable where that is something else, or the store cannot be written."""
        try:
            if not self.fs.exists(f"{self.root}/campaign.json"):
                write(self.fs, f"{self.root}/campaign.json", identity)
        except Exception as error:  # whatever the store's own package raises: no bucket, no rights, no network
            raise Unusable(f"--store {self.url}", str(error), "a store that can be written") from None
        self.check(identity)

    def check(self, identity: bytes) -> None:
        """Unusable where this is not the store of that campaign, as where each machine has a folder of its own."""
        self.fs.invalidate_cache()
        try:
            held = bytes(self.fs.cat_file(f"{self.root}/campaign.json"))
        except OSError as error:
            raise Unusable(
                f"--store {self.url}", f"no campaign.json: {error}", "one that every worker reaches"
            ) from None
        if held != identity:
            raise Unusable(f"--store {self.url}", f"it is of {held.decode(errors='replace')}", identity.decode())

    def stop(self, session: str) -> None:
        """Let the slices of a session end."""
        write(self.fs, f"{self.root}/stop-{session}", b"")

    def is_stopped(self, session: str) -> bool:
        return bool(self.fs.exists(f"{self.root}/stop-{session}"))
