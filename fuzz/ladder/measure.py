"""Measuring, and keeping what was measured: a line of JSON for each measurement, so that a killed ladder goes on."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import cattrs
from attrs import asdict, evolve, frozen

from refmodel.unusable import Unusable

__all__ = ["Measured", "Rung", "append", "known", "measured", "read"]

_SLACK = 60.0
"""Times the budget of CPU seconds, a child's time on the clock: the machine may be busy."""

_LONGEST = 24 * 3600.0


@frozen
class Rung:
    """What is measured: one variant by one engine from one seed. A measurement is known by this."""

    variant: str
    """Or a machine, which is right."""
    engine: str
    seed: int
    judge: str
    budget: float
    without: str = ""
    alone: str = ""
    runs: int = 0
    """End after so many, whatever the budget; 0 is no limit."""

    @property
    def column(self) -> str:
        """What its column of the table is known by."""
        less = f" without {self.without}" if self.without else ""
        return self.engine + less + (f" with {self.alone}" if self.alone else "")


@frozen
class Measured:
    """How it went: ``rule`` is None where nothing was found, and the rest is then what the budget was spent on."""

    rung: Rung
    rule: str | None
    runs: int
    steps: int
    seconds: float


def measured(rung: Rung) -> Measured:
    """Measure in a child process. Unusable, with what the child said last, where it gives no answer."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as answer, tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "fuzz.ladder.child", str(writing), folder, rung.variant, rung.engine]
        command += [str(rung.seed), str(rung.budget), rung.judge, str(rung.runs), rung.without, rung.alone]
        with tempfile.TemporaryFile() as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(writing,),
                env={**os.environ, "PYTHONHASHSEED": "0"},
            )
            os.close(writing)
            try:
                child.wait(min(_SLACK * (rung.budget + 1), _LONGEST))
            except subprocess.TimeoutExpired:
                pass
            finally:  # also when the user interrupts
                child.kill()
                child.wait()
            line = answer.read()
            if not line:
                log.seek(0)
                said = [text for text in log.read().decode(errors="replace").splitlines() if text.strip()]
                where = f"{rung.variant} by {rung.engine}"
                raise Unusable(where, (said or ["no output"])[-1], "a child that measures")
    return Measured(rung, **json.loads(line))


def append(path: Path, result: Measured) -> None:
    """One line, in one write, on the disk before it returns: a killed ladder loses at most what it was measuring."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(asdict(result)).encode() + b"\n"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":  # the last one was torn
            line = b"\n" + line
        os.write(descriptor, line)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(path: Path) -> Iterator[Measured]:
    """What has been measured, without lines that were torn when they were written."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        try:
            yield cattrs.structure(json.loads(line), Measured)
        except (ValueError, cattrs.errors.BaseValidationError):
            continue


def known(done: Mapping[Rung, Measured], rung: Rung) -> Measured | None:
    """What has been measured of it. What is found within a budget would be with any other that is not spent by then."""
    if rung in done:
        return done[rung]
    found = (result for result in done.values() if result.rule is not None and result.seconds <= rung.budget)
    return next((result for result in found if evolve(result.rung, budget=rung.budget) == rung), None)
