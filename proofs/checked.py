"""The proofs' lines of ``refmodel check``."""

import time
from collections.abc import Iterator

from proofs.prove import prove_all
from proofs.solve import Verdict
from proofs.work import Done
from refmodel.migration import AnyMachine
from refmodel.promise import Promise
from refmodel.rows import Row
from refmodel.seed import Seed
from refmodel.variants import VARIANTS

__all__ = ["checked"]


class _RefutedError(Exception):
    """One obligation is enough to refute a variant."""


def is_proved(spec: AnyMachine) -> bool:
    """Whether all is proved; the first obligation that is not ends the work."""

    def watch(done: Done, works: int) -> None:
        if any(record.verdict is Verdict.REFUTED for record in done.records):
            raise _RefutedError

    try:
        return prove_all(spec, watch=watch).is_proved
    except _RefutedError:
        return False


def checked() -> Iterator[Row]:
    """The promise, the machine ``seed`` and its refinement, and what the prover says of every variant."""
    for what, spec in (
        ("the promise (level A), any size", Promise()),
        ("shadow paging keeps it, and ends", Seed()),
    ):
        began = time.perf_counter()
        report = prove_all(spec)
        proved = len(report.records) - len(report.not_proved)
        result = f"{proved:,} of {len(report.records):,} obligations proved"
        yield Row("prove", what, result, report.is_proved, time.perf_counter() - began)
    for sound, what in ((False, "wrong variants"), (True, "sound variants")):
        began = time.perf_counter()
        variants = [variant for variant in VARIANTS.values() if variant.sound == sound]
        right = sum(is_proved(variant.spec()) == sound for variant in variants)
        result = f"{right} of {len(variants)} {'proved' if sound else 'refuted'}"
        yield Row("prove", what, result, right == len(variants), time.perf_counter() - began)
