"""Writes a witness of every claim: ``python -m tests.checkers.make_witnesses``. Takes minutes; the same every time.

For each claim of each machine the first of these that there is: a wrong variant in whose stored schedule it alone
breaks; one of which the proof refutes it alone; a fault of one cell that it alone sees. Prints what has none.
"""

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from fuzz.run import Runner
from refmodel.machines import machine
from tests.checkers.claims import ALL_MACHINES, every_claim, first_broken_in, refuted_alone, stored_names
from tests.checkers.corollaries import beside
from tests.checkers.flips import Flip, changes, replaced, shorter
from tests.fuzz.drawn import inputs
from tests.variants.make_schedules import stored

__all__ = ["WITNESSES", "faults", "missing", "witnesses"]

WITNESSES = Path(__file__).parent / "witnesses.json"
_RUNS = 40
_EVERY = 4
"""Runs of each machine that are looked at for faults, and every how many steps: neighbours are much alike."""


def witnesses() -> dict[str, dict[str, Any]]:
    """What is stored of each claim."""
    found: dict[str, dict[str, Any]] = orjson.loads(WITNESSES.read_bytes()) if WITNESSES.exists() else {}
    return found


def missing(found: Mapping[str, object]) -> list[str]:
    """Claims without a witness."""
    return [name for name in every_claim() if name not in found]


def faults(
    name: str, wanted: set[str], runs: int = _RUNS, every: int = _EVERY, but: Collection[str] = ()
) -> Iterator[tuple[str, Flip]]:
    """For each of these claims a fault of one cell that it alone sees, if some run of the machine has one; ``but`` for
    these, which may see it too."""
    left = wanted & set(machine(name).claims)
    runner = Runner(machine(name))
    for number, data in enumerate(inputs(1, runs, steps=96, which=None)):
        sizes, rounds = runner.head(bytes([1 + number % 3]) + data[1:])
        parts = runner.parts(sizes)
        before = start = parts.start.but(rounds=parts.start.rounds.but(left=rounds))
        actions = []
        for action, after in parts.decoder.walk(start, data):
            actions.append(action)
            is_looked_at = len(actions) <= 4 or (len(actions) + number) % every == 0
            for cell in changes(after, sizes) if is_looked_at else ():
                if not left:
                    return
                claim = _sole(runner, sizes, before, after, replaced(after, *cell), but)
                if claim in left:
                    flip = Flip(name, dict(sizes), rounds, tuple(actions), *cell)
                    if set(flip.breaks()) - {*but} == {claim}:
                        left.discard(claim)
                        yield claim, shorter(flip, claim, but)
            before = after


def _sole(runner: Runner, sizes: Mapping[str, int], before: Any, after: Any, wrong: Any, but: Collection[str]) -> str:
    """The only claim that a fault breaks; or nothing.

    A fault of a cell that claims look up is seen only by those that read it; other faults are shown to all of them.
    """
    spec, checker = runner.spec, runner.parts(sizes).checker
    broken: set[str] = set()
    if checker._scalars(wrong) == checker._scalars(after):
        packed = checker.packing.first(after)
        changed = checker.packing.cells(packed ^ checker.packing.after(packed, after, wrong))
        invariants, laws = checker.plans(packed, wrong).of(changed)
        broken |= {each.check.__name__ for each in invariants.instances if not each.check(wrong, *each.where)}
        if len(broken - {*but}) < 2:
            broken |= {each.check.__name__ for each in laws.instances if not each.check(before, wrong, *each.where)}
        broken -= {*but}
        return broken.pop() if len(broken) == 1 else ""
    for claim in spec.claims.values():
        if claim.name not in but and spec.broken(claim, wrong, sizes, before if claim.of_steps else None) is not None:
            broken.add(claim.name)
            if len(broken) > 1:
                return ""
    return broken.pop() if broken else ""


def made() -> dict[str, dict[str, Any]]:
    """A witness for each claim that has one."""
    names = stored_names()
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        broken = first_broken_in(stored(name))
        if len(broken) == 1:
            found.setdefault(next(iter(broken)), {"search": name})
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for name, claim in zip(names, pool.map(refuted_alone, names), strict=True):
            if claim is not None:
                found.setdefault(claim, {"proof": name})
    for name in ALL_MACHINES:
        for claim, flip in faults(name, set(missing(found))):
            found[claim] = {"fault": flip.as_json()}
    for name in missing(found):  # once more, at every step of the first machine that has it
        for claim, flip in faults(every_claim()[name][1], {name}, _RUNS, 1, beside(name)):
            found[claim] = {"fault": flip.as_json()}
    return found


def as_lines(found: Mapping[str, Mapping[str, Any]]) -> bytes:
    """A line a claim, in order of their names."""
    told = (f"{orjson.dumps(name).decode()}: {orjson.dumps(found[name]).decode()}" for name in sorted(found))
    return ("{\n" + ",\n".join(told) + "\n}\n").encode()


def show(found: Mapping[str, Mapping[str, Any]]) -> None:
    """How many claims have which kind of witness, and a table of those that have none."""
    console = Console()
    for kind in ("search", "proof", "fault"):
        console.print(f"{sum(kind in witness for witness in found.values())} claims by {kind}")
    table = Table("claim", "contract", "machine", "kind", title="no witness")
    for name in missing(found):
        claim, of = every_claim()[name]
        table.add_row(name, claim.contract.value, of, "law" if claim.of_steps else "goal" if claim.goal else "")
    console.print(table)


if __name__ == "__main__":
    everything = made()
    WITNESSES.write_bytes(as_lines(everything))
    show(everything)
