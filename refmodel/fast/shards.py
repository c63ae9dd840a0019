"""Shards: an event file by ranges of pages, each judged by itself, and their verdicts merged into that of the whole.

A page's story never crosses shards. What does, the events of all pages (rounds, pause, commit, ...), travels in each
shard's header; and every row keeps the number of its event, so that findings come out in the order of the whole.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
from attrs import evolve, field, frozen

from refmodel.fast.arrow import ArrowReading
from refmodel.fast.arrow_file import SCHEMA, ArrowWriter, batches_of, head_of, opened, values, whole
from refmodel.fast.columns import Code, Control, Space
from refmodel.fast.control import Screened
from refmodel.fast.moves import Run
from refmodel.fast.verdict import screened, verdict_on
from refmodel.fast.workers import workers
from refmodel.oracle.explaining import THE_RULE
from refmodel.oracle.judge import MOST_FINDINGS
from refmodel.oracle.pages import Tally
from refmodel.oracle.summary import summary
from refmodel.oracle.verdict import Finding, Unchecked, Verdict
from refmodel.unusable import Unusable

__all__ = ["Judged", "judge_shard", "judge_sharded", "merged", "split"]

_MISSING = "every-page-is-sent"
_MOST_MISSING = 1000
_RANK = {_MISSING: 1, "one-side-runs": 2}
"""At one event, what is found after what."""


@frozen
class Judged:
    """What comes of a shard."""

    counts: Counter[str]
    tally: Tally
    findings: tuple[Finding, ...]
    refused: tuple[int, str] | None = field(default=None)
    """It cannot be judged: the number of the event, and why."""


def split(path: str, folder: Path, shards: int) -> list[str]:
    """Write the columnar file in so many shards, of ranges of pages of equal length."""
    reader, head = whole(path)
    space = Space((block.name, block.pages) for block in head.begin.blocks)
    controls = [item for item in ArrowReading(path).feed(None) if isinstance(item, Control)][1:]
    cuts = np.linspace(0, space.total, min(shards, space.total) + 1).astype(np.int64)
    parts = [range(int(a), int(b)) for a, b in pairwise(cuts)]
    paths = [str(folder / f"shard-{number:04}.arrow") for number in range(len(parts))]
    writers = [ArrowWriter(p, head.begin, part, controls) for p, part in zip(paths, parts, strict=True)]
    firsts = np.array([space.first[name] for name in space.names], np.int64)
    number = 2
    try:
        for batch in batches_of(reader, path):
            codes = values(batch, "event", np.uint8)
            block = np.minimum(values(batch, "block", np.uint16), len(firsts) - 1)
            page = np.minimum(values(batch, "pfn", np.uint64), np.uint64(1 << 62)).astype(np.int64) + firsts[block]
            shard = np.clip(np.searchsorted(cuts, page, side="right") - 1, 0, len(parts) - 1)
            shard[codes > Code.MEMORY] = len(parts)
            numbers = np.arange(number, number + len(codes), dtype=np.int64)
            number += len(codes)
            for index in np.unique(shard[shard < len(parts)]):
                rows = np.flatnonzero(shard == index)
                writers[index].write(_rows(batch, rows, numbers, writers[index].schema))
    finally:
        for writer in writers:
            writer.close()
    return paths


def _rows(batch: Any, rows: Any, numbers: Any, schema: Any) -> Any:
    some = batch.take(pa.array(rows))
    columns = []
    for kept in SCHEMA:
        there = kept.name in some.schema.names
        columns.append(some.column(kept.name) if there else pa.nulls(len(rows), kept.type))
    columns.append(pa.array(numbers[rows]))
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def judge_shard(path: str) -> Judged:
    """Judge a shard, by itself."""
    reading = ArrowReading(path)
    screen = None
    try:
        screen = screened(reading, reading.part)
        verdict = verdict_on(screen, reading)
        tally = screen.judge.tally()
    except Unusable as error:
        return Judged(Counter(), Tally(), (), (_number_in(error), str(error)))
    found = tuple(finding for finding in verdict.findings if finding.pfn is not None)
    return Judged(screen.run.counts, tally, found)


def _number_in(error: Unusable) -> int:
    """The number of the event that is refused, which stands last in where it was."""
    digits = error.where.rpartition("event ")[2]
    return int(digits) if digits.isdecimal() else 0


class _Whole(Screened):
    """The judge of what is of all pages; of single pages it knows what the shards say."""

    def __init__(self, where: str, tally: Tally) -> None:
        super().__init__(where, Run(), lambda *_: None, range(0))
        self._tally_of_all = tally

    def tally(self) -> Tally:
        """That of all shards."""
        return self._tally_of_all


def merged(where: str, paths: Sequence[str], judged: Sequence[Judged]) -> Verdict:
    """The verdict on the whole from those on its shards; ``paths`` are theirs, and each has everyone's header."""
    head = head_of(opened(paths[0]), paths[0])
    told = zip(judged, paths, strict=True)
    if refused := [(*each.refused, path) for each, path in told if each.refused is not None]:
        _, why, path = min(refused)
        return Verdict("unusable", reason=why.replace(path, where))
    judge = _Whole(where, _tallied(judged))
    try:
        judge.take(head.begin)
        for control in head.controls:
            judge.number = control.number - 1
            judge.take(control.event)
    except Unusable as error:
        return Verdict("unusable", reason=str(error))
    for each in judged:
        for rule, count in each.counts.items():
            judge.counts[rule] += count
    judge.findings = _in_order([*judge.findings, *(found for each in judged for found in each.findings)], judge)
    verdict = summary(judge)
    unexplained = Unchecked(THE_RULE.name, f"needs {THE_RULE.needs}")
    return evolve(verdict, unchecked=(*verdict.unchecked, unexplained))


def _tallied(judged: Iterable[Judged]) -> Tally:
    tally = Tally()
    for each in judged:  # in the order of pages
        tally.unknown += each.tally.unknown
        tally.compared += each.tally.compared
        tally.released += each.tally.released
        tally.changed = tally.changed or each.tally.changed
    return tally


def _in_order(findings: list[Finding], judge: Screened) -> list[Finding]:
    """As the whole would have them: by event, then by page; and no more than it would tell."""

    def place(found: Finding) -> tuple[int, int, int]:
        page = judge.space.number(found.block, found.pfn) if found.block is not None and found.pfn is not None else -1
        return found.event, _RANK.get(found.rule, 0), page

    told: Counter[object] = Counter()
    kept = []
    for found in sorted(findings, key=place):
        told[found.rule] += 1
        told[found.rule, found.event] += 1
        few = found.rule != _MISSING or found.pfn is None or told[found.rule, found.event] <= _MOST_MISSING
        if few and told[found.rule] <= MOST_FINDINGS:
            kept.append(found)
    return kept


def judge_sharded(path: str, shards: int, dask: str | None = None) -> Verdict:
    """Split the file in a temporary folder beside it, judge the shards (on Dask, if wanted), and merge."""
    try:
        with (
            TemporaryDirectory(prefix="refmodel-shards-", dir=Path(path).resolve().parent) as folder,
            workers(dask) as run,
        ):
            paths = split(path, Path(folder), shards)
            return merged(path, paths, run(judge_shard, paths))
    except Unusable as error:
        return Verdict("unusable", reason=str(error))
    except OSError as error:
        return Verdict("unusable", reason=f"{path}: {error.strerror or error}; expected room for its shards beside it")
