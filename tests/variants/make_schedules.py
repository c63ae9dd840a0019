"""Writes what the checkers say of the wrong variants: ``python -m tests.variants.make_schedules [NAME ...]``.

Of each the schedule that the search finds, in the machine, the sizes and the rounds that the variant names, completed
to what the guest notices; and beside the schedules, in one file, a line a variant: the obligation that fails, how
short the shortest schedule to a broken claim is, why the guest notices nothing where it does not, and the oracle's
findings. The same every time. Without names, those of variants that are no more go.
"""

import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import orjson

from proofs.refute import refute
from refmodel.catalogue.classes import CLASSES
from refmodel.oracle.observed import finding_on
from refmodel.oracle.verdict import Verdict
from refmodel.schedules.schedule import Schedule, dumps, load
from refmodel.search.find import find_variant
from refmodel.variants import VARIANTS, Variant

__all__ = ["REACHED", "STORED", "VERDICTS", "WRONG", "made", "said_by", "stored", "verdicts"]

STORED = Path(__file__).parents[1] / "schedules" / "variants"
VERDICTS = Path(__file__).parent / "verdicts.json"
WRONG = [variant.name for variant in VARIANTS.values() if not variant.sound]
REACHED = [name for name in WRONG if not VARIANTS[name].unreached]
"""Those that the search reaches in its bounds; the others say why it does not, and have no schedule."""
MOST_STATES = 300_000
LATER = 60_000
"""Of each machine: those that are searched until a claim breaks, and for what the guest notices only past that."""


def made(variant: Variant) -> tuple[dict[str, Any], Schedule | None]:
    """The variant's line, and its schedule if it is reached."""
    refutation = refute(variant.spec(), CLASSES[variant.catalogue].contracts)
    assert refutation is not None, f"{variant.name} is not refuted"
    line: dict[str, Any] = {"obligation": [refutation.step, refutation.path, refutation.claim]}
    if variant.unreached:
        return line, None
    found = find_variant(variant, max_states=MOST_STATES, later=LATER)
    schedule = found.schedule
    assert schedule is not None, f"{variant.name} was not found"
    assert schedule.broken is not None
    line["shortest"] = found.shortest or schedule.broken.after
    line["states"] = found.explored.states
    if schedule.noticed is None:
        line["unnoticed"] = "; ".join(filter(None, (variant.unnoticed, found.how)))
    line["oracle"] = said_by(finding_on(schedule))
    return line, schedule


def said_by(verdict: Verdict) -> list[str]:
    """The rules of the findings, first ones first; or the verdict, with its reason if it has one."""
    if verdict.findings:
        return list(dict.fromkeys(finding.rule for finding in verdict.findings))
    return [verdict.verdict, *([verdict.reason] if verdict.reason else [])]


def stored(name: str) -> Schedule:
    """The variant's stored schedule."""
    return load(STORED / f"{name}.json")


def verdicts() -> dict[str, dict[str, Any]]:
    """What is stored of each variant, by name."""
    found: dict[str, dict[str, Any]] = orjson.loads(VERDICTS.read_bytes()) if VERDICTS.exists() else {}
    return found


def as_lines(lines: Mapping[str, Mapping[str, Any]]) -> bytes:
    """A line a variant, in order of their names."""
    told = (f"{orjson.dumps(name).decode()}: {orjson.dumps(lines[name]).decode()}" for name in sorted(lines))
    return ("{\n" + ",\n".join(told) + "\n}\n").encode()


def make(names: Iterable[str]) -> None:
    """Write schedules and lines of these variants, on two processes."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(_made, name): name for name in names}
        for future in as_completed(futures):
            name = futures[future]
            line, schedule = future.result()
            if schedule is not None:
                (STORED / f"{name}.json").write_bytes(dumps(schedule))
            known = {other: said for other, said in verdicts().items() if other in WRONG}
            VERDICTS.write_bytes(as_lines(known | {name: line}))
            print(name, line, flush=True)


def _made(name: str) -> tuple[dict[str, Any], Schedule | None]:
    return made(VARIANTS[name])


if __name__ == "__main__":
    make(sys.argv[1:] or WRONG)
    for path in STORED.glob("*.json"):
        if path.stem not in REACHED:
            path.unlink()
