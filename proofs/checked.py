"""The proofs' lines of ``refmodel check``."""

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from os import cpu_count

from proofs.chapters import chapters_of
from proofs.prove import prove_all
from proofs.solve import Verdict
from proofs.work import Done
from refmodel.machines import MACHINES, machine
from refmodel.migration import AnyMachine
from refmodel.promise import Promise
from refmodel.rows import Row
from refmodel.variants import VARIANTS, sample

__all__ = ["checked", "verdict_of"]


class _RefutedError(Exception):
    """One obligation is enough to refute a variant."""


def verdict_of(spec: AnyMachine) -> Verdict:
    """PROVED where all is of the machine itself; REFUTED ends the work; UNKNOWN where the solver leaves something open.

    The promise's own chapters are the same for every machine.
    """

    def watch(done: Done, works: int) -> None:
        if any(record.verdict is Verdict.REFUTED for record in done.records):
            raise _RefutedError

    own = [chapter for chapter in chapters_of(spec) if getattr(chapter, "spec", None) is spec]
    try:
        return Verdict.PROVED if prove_all(spec, watch=watch, chapters=own).is_proved else Verdict.UNKNOWN
    except _RefutedError:
        return Verdict.REFUTED


def _verdict_of_variant(name: str) -> Verdict:
    return verdict_of(VARIANTS[name].spec())


def checked() -> Iterator[Row]:
    """The promise, every named machine and its refinement, and what the prover says of a sample of variants."""
    began = time.perf_counter()
    report = prove_all(Promise())
    result = f"{len(report.records) - len(report.not_proved):,} of {len(report.records):,} obligations proved"
    yield Row("prove", "the promise (level A), any size", result, report.is_proved, time.perf_counter() - began)
    with ProcessPoolExecutor(cpu_count(), mp_context=get_context("spawn")) as pool:
        yield from pool.map(_machine_row, MACHINES)
        for sound, what in ((False, "wrong variants, a sample"), (True, "sound variants, a sample")):
            began = time.perf_counter()
            names = [variant.name for variant in sample() if variant.sound == sound]
            due = Verdict.PROVED if sound else Verdict.REFUTED
            right = sum(found is due for found in pool.map(_verdict_of_variant, names))
            result = f"{right} of {len(names)} {due.value}"
            yield Row("prove", what, result, right == len(names), time.perf_counter() - began)


def _machine_row(name: str) -> Row:
    """A named machine, with the theorem and its refinement of the promise."""
    began = time.perf_counter()
    report = prove_all(machine(name))
    result = f"{len(report.records) - len(report.not_proved):,} of {len(report.records):,} obligations proved"
    return Row("prove", f"{name} keeps it", result, report.is_proved, time.perf_counter() - began)
