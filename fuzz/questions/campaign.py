"""Ask the questions in plain Python, without atheris: ``python -m fuzz.questions.campaign --inputs N --seed S``.

Guided by what inputs reach: one that reaches an abstract state, a path or a verdict that none before it did is kept,
and mutated further. The same seed gives the same inputs.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from attrs import define, field

from fuzz.crashes import Crash, keep_shortest
from fuzz.decode import HEAD, RECORD
from fuzz.mutate import mutated
from fuzz.questions.question import ALL, TAIL, Disagreement, Question, inputs, known_machine, with_tail
from fuzz.questions.table import QUESTIONS
from refmodel.machines import own_machine
from refmodel.unusable import Unusable

__all__ = ["Summary", "main", "run"]

_STEPS = 48
_MOST_BYTES = HEAD + RECORD * _STEPS + TAIL


@define
class Summary:
    """How it went."""

    inputs: int = 0
    seconds: float = 0.0
    reached: set[int] = field(factory=set)
    crashes: dict[str, Crash] = field(factory=dict)


def _inputs(chance: Random, kept: list[bytes]) -> Iterator[bytes]:
    fresh = inputs(chance, _STEPS)
    while True:
        if kept and chance.getrandbits(1):
            seed, data = chance.getrandbits(31), chance.choice(kept)
            other = chance.choice(kept)
            yield with_tail(data, _MOST_BYTES, seed, lambda d, most, o=other, s=seed: mutated(d, most, s, lambda *_: o))  # type: ignore[misc]
        else:
            yield next(fresh)


def run(name: str, question: Question, count: int, seed: int, seconds: float = float("inf")) -> Summary:
    """Ask about so many inputs, or for so long."""
    summary, kept, began = Summary(), list[bytes](), time.monotonic()
    for data in _inputs(Random(f"{seed} {name}"), kept):
        summary.seconds = time.monotonic() - began
        if summary.inputs == count or summary.seconds > seconds:
            return summary
        summary.inputs += 1
        try:
            reached = question.ask(data)
        except Disagreement as found:
            crash = Crash(name, found.key, found.message, data)
            keep_shortest(summary.crashes, found.key, crash)
            continue
        if not reached <= summary.reached:
            summary.reached |= reached
            kept.append(data)
    raise AssertionError("there is always another input")


def main(argv: Sequence[str]) -> int:
    """The command: 0 nothing found, 1 something, 2 unusable arguments."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.questions.campaign", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1000, help="of each question")
    parser.add_argument("--time", type=float, default=float("inf"), help="seconds for each question at the most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", action="append", choices=list(QUESTIONS), help="only this one (may be repeated)")
    parser.add_argument("--machine", help=f"any machine, or {ALL} named ones; else the variant's own, or seed")
    parser.add_argument("--variant")
    parser.add_argument("--findings", type=Path, default=Path("question-findings"))
    options = parser.parse_args(list(argv))
    machine = options.machine or own_machine(options.variant)
    try:
        known_machine(machine, options.variant)
    except Unusable as error:
        parser.error(str(error))
    found = 0
    for name in options.target or QUESTIONS:
        summary = run(name, QUESTIONS[name](machine, options.variant), options.inputs, options.seed, options.time)
        rate = summary.inputs / summary.seconds if summary.seconds else 0.0
        print(f"{name:10} {machine}: {summary.inputs:,} inputs, {rate:,.0f} a second, {len(summary.reached):,} reached")
        for crash in summary.crashes.values():
            found += 1
            print(f"FOUND {crash.write(options.findings)}: {crash.key}: {crash.message}")
    print(f"{found} found" if found else "nothing found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
