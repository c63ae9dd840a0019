import errno
import os
from hashlib import sha1
from pathlib import Path

import pytest

from fuzz.campaigns.store import FolderStore, Store, merge, name_of, write_atomically
from refmodel.unusable import Unusable


def store(folder: Path, *inputs: bytes) -> FolderStore:
    folder.mkdir()
    kept = FolderStore(folder)
    for data in inputs:
        kept.put(data)
    return kept


def test_an_input_is_named_by_its_sha_1_and_kept_once(tmp_path: Path) -> None:
    kept: Store = store(tmp_path / "a")
    assert kept.put(b"one") == kept.put(b"one") == sha1(b"one").hexdigest()
    assert kept.names() == {name_of(b"one")}
    assert kept.get(name_of(b"one")) == b"one"


def test_what_is_no_input_is_not_named(tmp_path: Path) -> None:
    kept = store(tmp_path / "a", b"one")
    (kept.folder / "seed-00").write_bytes(b"two")
    (kept.folder / f".{name_of(b'two')}.7.part").write_bytes(b"tw")
    assert kept.names() == {name_of(b"one")}


def test_a_half_written_input_gives_itself_away(tmp_path: Path) -> None:
    kept = store(tmp_path / "a", b"one", b"two")
    (kept.folder / name_of(b"one")).write_bytes(b"on")
    with pytest.raises(Unusable, match="damaged"):
        kept.get(name_of(b"one"))
    with pytest.raises(Unusable, match="No such file"):
        kept.get(name_of(b"three"))


def test_a_merge_is_a_union_and_leaves_out_what_cannot_be_read(tmp_path: Path) -> None:
    one, two = store(tmp_path / "a", b"one", b"both"), store(tmp_path / "b", b"two", b"both", b"torn")
    (two.folder / name_of(b"torn")).write_bytes(b"to")
    (two.folder / name_of(b"a folder")).mkdir()
    merged = merge(one, two)
    assert merged.new == {name_of(b"two")}
    assert len(merged.errors) == 2
    assert one.names() == {name_of(data) for data in (b"one", b"two", b"both")}
    assert merge(one, two).new == frozenset()


def test_a_full_disk_leaves_neither_a_file_nor_a_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = store(tmp_path / "a", b"one")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        kept.put(b"two")
    with pytest.raises(OSError, match="No space left"):
        write_atomically(kept.folder / "x.json", b"{}")
    assert [path.name for path in kept.folder.iterdir()] == [name_of(b"one")]
