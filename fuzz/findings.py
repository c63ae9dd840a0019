"""Findings as files: the project's schedule JSON, which ``refmodel replay`` and the regression tests read."""

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from attrs import evolve

from fuzz.run import Finding
from refmodel.schedules.replay import replay
from refmodel.schedules.schedule import Noticed, Schedule, dumps, load, save

__all__ = ["as_schedule", "keep", "stored"]


def as_schedule(finding: Finding, machine: str, variant: str | None) -> Schedule:
    """The finding's schedule; what it broke, and what the guest noticed, first are what a replay says."""
    schedule = Schedule(machine, variant, finding.sizes, finding.rounds, finding.actions)
    broken, noticed = None, None
    for moment in replay(schedule):
        broken = broken or next(iter(moment.broken), None)
        noticed = noticed or (Noticed(moment.noticed, moment.number) if moment.noticed else None)
    return evolve(schedule, broken=broken, noticed=noticed)


def keep(finding: Finding, machine: str, variant: str | None, folder: Path) -> Path:
    """Write the finding to its own file in the folder, whole or not at all; the same finding is the same file.

    OSError when the folder cannot be written.
    """
    schedule = as_schedule(finding, machine, variant)
    digest = sha256(dumps(schedule)).hexdigest()[:8]
    name = re.sub(r"[^\w+-]", "-", variant or machine)
    path = folder / f"{name}-{finding.rule[:40].strip('_').replace('_', '-')}-{digest}.json"
    folder.mkdir(parents=True, exist_ok=True)
    save(schedule, path)
    return path


def stored(folder: Path) -> Iterator[tuple[Path, Schedule]]:
    """Every finding in a folder, by name; Unusable for a file that is none."""
    for path in sorted(folder.glob("*.json")):
        yield path, load(path)
