"""The folder that is a campaign. One process at a time writes to it, each file whole or not at all.

campaign.json    what it is                 statistics.json  what it has done
corpus/          inputs by SHA-1            findings/        schedules, or inputs with a JSON beside
log/             libFuzzer's own logs       workers/         where the workers write; brought in, and emptied
"""

import contextlib
import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import define, field, frozen

from fuzz.campaigns import statistics
from fuzz.campaigns.found import Findings
from fuzz.campaigns.identity import Identity, settled
from fuzz.campaigns.plan import Plan
from fuzz.campaigns.statistics import Statistics
from fuzz.campaigns.store import FolderStore, at_once, is_name, name_of, read_input, write_atomically
from fuzz.campaigns.targets import first_inputs
from refmodel.unusable import Unusable

__all__ = ["Folder", "opened"]

_STATISTICS = "statistics.json"


@define
class Folder:
    """An open campaign."""

    path: Path
    identity: Identity
    statistics: Statistics
    findings: Findings
    corpus: FolderStore
    names: set[str] = field(factory=set)
    """Inputs that the corpus holds, as far as we know."""
    deadly: set[str] = field(factory=set)
    """Inputs that no worker survives: they are findings, and not in the corpus."""
    warnings: dict[str, int] = field(factory=dict)
    """What went wrong and did not end the campaign, and how often."""

    @property
    def log(self) -> Path:
        return self.path / "log"

    @property
    def workers(self) -> Path:
        return self.path / "workers"

    def warn(self, what: str) -> None:
        """Remember what went wrong."""
        self.warnings[what] = self.warnings.get(what, 0) + 1

    def going_on(self, what: str) -> "_GoingOn":
        """Do what may fail, as on a full disk, and go on with a warning."""
        return _GoingOn(self, what)

    def keep(self, data: bytes) -> str | None:
        """Keep an input: its name where it is new, and can be kept.

        Not forced to the disk: a crash of the machine may tear it, and then its name says so.
        """
        name = name_of(data)
        if name in self.names or name in self.deadly:
            return None
        with self.going_on(f"{self.path / 'corpus'}: an input is not kept"):
            write_atomically(self.corpus.folder / name, data, force=False)
            self.names.add(name)
            return name
        return None

    def bring_in(self, folder: Path, seen: set[str]) -> list[tuple[str, bytes]]:
        """Keep what a worker has written and is whole: what is new of it. ``seen`` are files that need no look."""
        new = []
        with self.going_on(f"{folder}: not read"):
            for path in sorted(folder.iterdir()):
                if path.name in seen or path.name in self.names or path.name.startswith("."):
                    continue
                try:
                    data = path.read_bytes()
                except FileNotFoundError:  # libFuzzer has found a smaller one
                    continue
                if is_name(path.name) and name_of(data) != path.name:
                    continue  # being written
                if (name := self.keep(data)) is not None:
                    new.append((name, data))
                if name_of(data) in self.names or name_of(data) in self.deadly:
                    seen.add(path.name)
        return new

    def discard(self, name: str) -> None:
        """Take an input out of the corpus, for good: no worker survives it."""
        self.deadly.add(name)
        with self.going_on(f"{self.corpus.folder / name}: not taken out"):
            (self.corpus.folder / name).unlink(missing_ok=True)
            self.names.discard(name)

    def save(self) -> None:
        """Write the statistics, and findings that wait."""
        with self.going_on(f"{self.findings.folder}: a finding is not written"):
            self.findings.write()
        counts = {"corpus": len(self.names), "findings": len(self.findings.paths)}
        with self.going_on(f"{self.path / _STATISTICS}: not written"):
            self.statistics.save(self.path / _STATISTICS, counts)

    def look(self, patience: float = 0.0) -> list[str]:
        """Give every file of the corpus the name of its content, and say which inputs somebody else has put there.

        A file that cannot be read stays where it is, and is told. One with another name is left alone as long as
        it has been changed within the seconds of ``patience``: somebody may be writing it.
        """
        new = []
        with self.going_on(f"{self.corpus.folder}: not read"):
            for path in sorted(self.corpus.folder.iterdir()):
                if path.name in self.names or (path.name.startswith(".") and path.name.endswith(".part")):
                    continue
                try:
                    name = name_of(read_input(path))
                    if name != path.name:
                        if time.time() - path.stat().st_mtime < patience:
                            continue
                        path.replace(path.with_name(name))
                except OSError as error:
                    self.warn(f"{path}: {error.strerror}; it is left out")
                    continue
                if is_name(path.name) and name != path.name:
                    self.warn(f"{path}: damaged; it is kept as {name}, which its content is")
                if name in self.deadly:
                    self.discard(name)
                elif name not in self.names:
                    self.names.add(name)
                    new.append(name)
        return new


@frozen
class _GoingOn:
    folder: Folder
    what: str

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, OSError):
            return False
        self.folder.warn(f"{self.what}: {error.strerror or error}")
        return True


@contextmanager
def opened(plan: Plan) -> Iterator[Folder]:
    """The campaign in a plan's folder, begun or gone on with, for this process alone. Unusable where it cannot be."""
    path = plan.folder
    try:
        for below in ("corpus", "findings", "log", "workers"):
            (path / below).mkdir(parents=True, exist_ok=True)
        lock = open(path / "log" / "lock", "w", opener=at_once)  # noqa: SIM115 - a pipe is not waited for
    except OSError as error:
        raise _unwritable(path, error) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Unusable(str(path), "another process runs this campaign", "one at a time") from None
        try:
            yield _taken_up(plan)
        finally:
            shutil.rmtree(path / "workers", ignore_errors=True)


def _taken_up(plan: Plan) -> Folder:
    path = plan.folder
    try:
        identity = settled(plan)
        held = statistics.load(path / _STATISTICS)
        folder = Folder(path, identity, held, Findings(path / "findings", identity), FolderStore(path / "corpus"))
        unread = folder.findings.read()
        folder.deadly |= folder.findings.deadly
    except OSError as error:
        raise _unwritable(path, error) from None
    for wrong in unread:
        folder.warn(str(wrong))
    folder.look()
    for left in sorted(folder.workers.glob("*/corpus")):  # of a session that was killed
        folder.bring_in(left, set())
    for draft in (
        *folder.corpus.folder.glob(".*.part"),
        *folder.findings.folder.glob(".*.part"),
        *path.glob(".*.part"),
    ):
        with contextlib.suppress(OSError):
            draft.unlink()
    if not folder.names:
        for data in first_inputs(identity.target, identity.seed):
            folder.keep(data)
    folder.statistics.sessions += 1
    folder.save()
    return folder


def _unwritable(path: Path, error: OSError) -> Unusable:
    return Unusable(str(path), error.strerror or str(error), "a folder that can be written")
