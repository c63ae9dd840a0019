"""``make bench``: how fast the parts are, in one run, beside a yardstick of plain Python in the same run.

Machines are noisy: compare the ratios (the figure over the yardstick's), not the figures. Nothing here is a test.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.table import Table

from refmodel.language import Action, Refused
from refmodel.language.sorts import domain
from refmodel.oracle.readers.compression import open_input
from refmodel.oracle.recording import judge_recording
from refmodel.recordings import RECORDINGS
from refmodel.seed import Seed
from refmodel.seed import SeedState as Machine

SIZES = {"pfn": 16, "vpn": 16, "cpu": 2, "word": 4, "value": 256}
MIX = {
    "guest_store": 46,
    "write_fault": 14,
    "mmu_walk": 16,
    "shadow_fill": 4,
    "guest_map": 1,
    "guest_flush": 1,
    "engine": 18,
}
"""The published mix, in percent of steps aimed at; the schedule below prints what it came to."""


WRITABLE = 12
"""So many of the 16 virtual pages are mapped writable; stores to the others fault, and are reflected to the guest."""


def yardstick() -> float:
    """Plain Python: persistent updates of a 16-tuple in a second."""
    cells: tuple[int, ...] = (0,) * 16
    n = 300_000
    began = time.perf_counter()
    for i in range(n):
        at = i & 15
        cells = (*cells[:at], i, *cells[at + 1 :])
    return n / (time.perf_counter() - began)


def schedule(spec: Seed, length: int) -> tuple[Machine, list[Action]]:
    """A start in mid-migration, and actions that are all enabled in turn, near the mix."""
    rng = random.Random(1)
    m = spec.start(SIZES)
    m = m.but(rounds=m.rounds.but(left=1_000_000))
    for vpn in range(SIZES["vpn"]):
        m = spec.take(m, Action("guest_map", (vpn, vpn, vpn < WRITABLE, True)))
    for step in (("begin",), ("send_configuration",), ("enter_shadow", 0), ("enter_shadow", 1), ("start_rounds",)):
        m = spec.take(m, Action(step[0], step[1:]))
    start = m
    actions: list[Action] = []
    while len(actions) < length:
        kind = rng.choices(list(MIX), list(MIX.values()))[0]
        taken = engine_step(spec, m, rng) if kind == "engine" else some(spec, m, kind, rng)
        if taken is not None:
            action, m = taken
            actions.append(action)
    return start, actions


def some(spec: Seed, m: Machine, kind: str, rng: random.Random) -> tuple[Action, Machine] | None:
    """An enabled action of the kind, if a few tries find one."""
    for _ in range(40):
        parameters = spec.steps[kind].parameters
        action = Action(kind, tuple(rng.choice(domain(sort, SIZES)) for _, sort in parameters))
        if kind == "guest_map":  # keep every page mapped writable once, so that stores go on
            action = Action(kind, (action.arguments[0], action.arguments[0], action.arguments[0] < WRITABLE, True))
        try:
            return action, spec.take(m, action)
        except Refused:
            continue
    return None


ENGINE = (
    "transfer_done",
    "transfer_read",
    "transfer_flush",
    "transfer_revoke",
    "transfer_mark",
    "transfer_clear",
    "next_round",
)


def engine_step(spec: Seed, m: Machine, rng: random.Random) -> tuple[Action, Machine] | None:
    """The first engine step of the page in hand that is enabled."""
    for kind in ENGINE:
        if (taken := some(spec, m, kind, rng)) is not None:
            return taken
    return None


def steps_a_second(length: int = 100_000) -> tuple[float, str]:
    """The machine ``seed``, 16 pages, 2 vCPUs: steps a second over the mix, and what the mix came to."""
    spec = Seed()
    start, actions = schedule(spec, length)
    best = 0.0
    for _ in range(3):
        m = start
        began = time.perf_counter()
        for action in actions:
            m = spec.take(m, action)
        best = max(best, length / (time.perf_counter() - began))
    counts = Counter(action.step for action in actions)
    named = ("guest_store", "write_fault", *(name for name, _ in counts.most_common(5)))
    shares = ", ".join(f"{name} {100 * counts[name] / length:.0f} %" for name in dict.fromkeys(named))
    return best, shares


def recordings_a_second() -> tuple[float, str]:
    """The bundled recordings: megabytes of stream judged in a second."""
    size = 0
    began = time.perf_counter()
    for recording in RECORDINGS:
        judge_recording(str(recording.path))
        [stream] = recording.path.glob("stream*")
        with open_input(str(stream)) as source:
            size += len(source.read_rest(1 << 30, "the stream"))
    return size / 1e6 / (time.perf_counter() - began), f"{len(RECORDINGS)} recordings, {size / 1e6:.1f} MB"


def proofs_a_second() -> tuple[float, str]:
    """The whole proof of ``seed``: obligations a second of solving."""
    from proofs.prove import prove_all

    report = prove_all(Seed())
    return len(
        report.records
    ) / report.seconds, f"{len(report.records):,} obligations, {report.seconds:.2f} s of solving"


def searches_a_second() -> tuple[float, str]:
    """The peers' small protocol, six pages, with symmetry: states a second (SPIN without: 5,801,664 states in 19 s)."""
    from refmodel.search.explore import explore
    from refmodel.search.space import Space
    from tests.peer.protocol import Searched

    sizes = {"pfn": 6, "value": 2}
    spec = Searched()
    found = explore(Space(spec, sizes, spec.start(sizes), ("pfn",)))
    return found.states / found.seconds, f"{found.states:,} states in {found.seconds:.2f} s"


BENCHES: dict[str, tuple[str, Callable[[], tuple[float, str]]]] = {
    "steps": ("steps/s", steps_a_second),
    "proofs": ("obligations/s", proofs_a_second),
    "search": ("states/s", searches_a_second),
    "oracle": ("MB/s", recordings_a_second),
}


def measured(names: list[str]) -> Iterator[dict[str, object]]:
    """Each bench with the yardstick taken right beside it."""
    for name in names:
        unit, bench = BENCHES[name]
        before = yardstick()
        figure, detail = bench()
        ruler = (before + yardstick()) / 2
        yield {
            "bench": name,
            "figure": figure,
            "unit": unit,
            "yardstick": ruler,
            "ratio": figure / ruler,
            "detail": detail,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", nargs="*", choices=[[], *BENCHES], help="which ones; all by default")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    table = Table(title="bench; yardstick: persistent updates of a 16-tuple a second")
    for column in ("bench", "figure", "unit", "yardstick", "ratio", "detail"):
        table.add_column(column)
    for row in measured(options.bench or list(BENCHES)):
        if options.json:
            sys.stdout.write(json.dumps(row) + "\n")
            continue
        cells = (
            row["bench"],
            f"{row['figure']:,.0f}",
            row["unit"],
            f"{row['yardstick']:,.0f}",
            f"{row['ratio']:.4f}",
            row["detail"],
        )
        table.add_row(*map(str, cells))
    if not options.json:
        Console().print(table)


if __name__ == "__main__":
    main()
