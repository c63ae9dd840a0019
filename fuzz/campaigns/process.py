"""A worker as its campaign sees it: the process, its folder, what it tells, and what it leaves when it ends."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from attrs import define, field

from fuzz.campaigns.found import Reported
from fuzz.campaigns.identity import Identity
from fuzz.campaigns.store import at_once
from fuzz.campaigns.targets import is_of_machines, path_of

__all__ = ["Process", "begun", "environment_of", "options_of"]

_KINDS = {"timeout": "timeout", "crash": "crash", "oom": "memory"}
"""How libFuzzer names what it writes of an input that ends its process."""
_FRAME = re.compile(r'File "([^"]+)", line \d+ in (\S+)')
_DUMP = re.compile(r"^(?:Timeout|Fatal Python error)", re.MULTILINE)
"""How each stack begins; one of an input that was slow, and no more, may stand before the last."""
_ROOT = Path(__file__).parents[2]
_TOUCHED = 3.0
_DONE = re.compile(r"^Done (\d+) runs in \d+ second", re.MULTILINE)
_FEATURES = re.compile(rb"\bft: (\d+)")


@define
class Process:
    """A running worker. ``runs`` and ``again`` are as it told last; ``draft`` is a finding that it is shrinking."""

    folder: Path
    log: Path
    popen: "subprocess.Popen[bytes]"
    pipe: int
    since: float = field(factory=time.monotonic)
    heard: float = field(factory=time.monotonic)
    runs: int = 0
    again: int = 0
    draft: Reported | None = None
    handed: float = 0.0
    features: int = 0
    seen: set[str] = field(factory=set)
    _rest: bytes = b""
    logged_before: int = 0
    logged: int = 0

    @property
    def corpus(self) -> Path:
        return self.folder / "corpus"

    def told(self) -> list[dict[str, Any]] | None:
        """The status lines that have come since; None when there will be no more."""
        try:
            data = os.read(self.pipe, 1 << 20)
        except BlockingIOError:
            return []
        if not data:
            return None
        self.heard = time.monotonic()
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def hand(self, name: str, data: bytes) -> None:
        """Give it an input that another has found; libFuzzer looks for newer files each second. OSError: not given.

        What it compares are whole seconds, of the file and of its folder, so that both are touched afterwards.
        """
        draft = self.folder / "draft"
        draft.write_bytes(data)
        draft.replace(self.corpus / name)
        self.seen.add(name)
        os.utime(self.corpus / name)
        self.handed = time.monotonic()

    def touch(self) -> None:
        """Have libFuzzer look again, where it may have looked within the second in which something was handed."""
        if time.monotonic() - self.handed < _TOUCHED:
            os.utime(self.corpus)

    def look_at_log(self) -> None:
        """Take the features from what libFuzzer has written since."""
        with self.log.open("rb") as file:
            file.seek(self.logged)
            text = file.read()
        whole = text.rfind(b"\n") + 1
        self.logged += whole
        for found in _FEATURES.finditer(text, 0, whole):
            self.features = max(self.features, int(found[1]))

    def counted(self) -> int:
        """How many runs it has made: as it told last, or, where it has come to its end, as libFuzzer says."""
        done = _DONE.search(self._text())
        return max(self.runs, int(done[1])) if done else self.runs

    def _text(self) -> str:
        """The log of this worker, whose place had others before."""
        try:
            with self.log.open("rb") as file:
                file.seek(self.logged_before)
                return file.read().decode(errors="replace")
        except OSError:  # somebody has taken it away
            return ""

    def last_line(self) -> str:
        """What it said last, for people."""
        text = self._text()[-20_000:]
        ours = [line for line in text.splitlines() if line.startswith("refmodel: ")]
        return (ours or [line for line in text.splitlines() if line.strip()] or ["no output"])[-1].strip()[:300]

    def left(self) -> list[Reported]:
        """The inputs that ended it, as libFuzzer wrote them; they are taken away."""
        found = []
        for path in sorted((self.folder / "left").glob("*")):
            kind = _KINDS.get(path.name.partition("-")[0])
            if kind is not None:  # else it says that an input was slow
                found.append(self._ended_by(kind, path))
            path.unlink()
        return found

    def _ended_by(self, kind: str, path: Path) -> Reported:
        """The input that ended it. Of those that take too much memory no stack says where: they are one finding."""
        parts = [kind] if kind == "memory" else [kind, self._place() or path.name]
        return Reported(kind, kind, " ".join(parts), f"{' at '.join(parts)}; see {self.log}", path.read_bytes())

    def _place(self) -> str | None:
        """The project's innermost line when it hung or crashed, as faulthandler has written it."""
        try:
            text = (self.folder / "stack").read_text(errors="replace")
        except OSError:
            return None
        frames = [(Path(file), name) for file, name in _FRAME.findall(_DUMP.split(text)[-1])]
        ours = [(f, n) for f, n in frames if "site-packages" not in f.parts and "campaigns" not in f.parts]
        project = [(f, n) for f, n in ours if f.is_relative_to(_ROOT)] or ours
        return f"{project[0][0].name}:{project[0][1]}" if project else None

    def end(self) -> None:
        """Kill it, if it has not ended, and let go of it."""
        self.popen.kill()
        self.popen.wait()
        os.close(self.pipe)


def begun(folder: Path, log: Path, identity: Identity, flags: Iterable[str], timeout: float, corpus: Path) -> Process:
    """Start a worker with an empty folder of its own. OSError where that cannot be."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "corpus").mkdir(parents=True)
    (folder / "left").mkdir()
    reading, writing = os.pipe()
    try:
        command = [sys.executable, "-P", "-m", "fuzz.campaigns.worker", str(writing), str(os.getpid()), str(timeout)]
        command += [str(folder / "stack"), str(path_of(identity.target))]
        command += [
            *options_of(identity),
            *flags,
            f"-artifact_prefix={folder / 'left'}/",
            "-reload=1",
            str(folder / "corpus"),
            str(corpus),
        ]
        with open(log, "ab", opener=at_once) as output:
            before = output.tell()
            popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(writing,),
                env=environment_of(identity),
                start_new_session=True,  # an interrupt from the keyboard is for the campaign, which ends its workers
            )
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    os.set_blocking(reading, False)
    return Process(folder, log, popen, reading, logged_before=before, logged=before)


def options_of(identity: Identity) -> list[str]:
    """The target's own options, as it is fuzzed in this campaign."""
    machine = identity.target == "machine"
    return ["--feedback", identity.feedback, "--judge", identity.judge] if machine else []


def environment_of(identity: Identity) -> Mapping[str, str]:
    """What its process is told otherwise."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REFMODEL_FUZZ_")}
    environment["PYTHONHASHSEED"] = "0"  # states are counted by hash, over all workers and sessions
    if is_of_machines(identity.target):
        environment["REFMODEL_FUZZ_MACHINE"] = identity.machine
        if identity.variant:
            environment["REFMODEL_FUZZ_VARIANT"] = identity.variant
    return environment
