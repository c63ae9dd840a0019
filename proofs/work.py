"""Pieces of work: one part of one chapter, done in this process or shared out among others."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from attrs import field, frozen

from proofs.cross_check import Opinion, opinion
from proofs.obligations import Chapter, Obligation
from proofs.selection import EVERYTHING, Selection
from proofs.smtlib import text, write
from proofs.solve import Options, Record, decide

__all__ = ["Done", "Order", "Work", "do", "do_all"]


@frozen
class Work:
    """One part of one chapter."""

    chapter: Chapter
    part: str


@frozen
class Order:
    """What to do with each obligation of a piece of work."""

    options: Options = field(factory=Options)
    selection: Selection = EVERYTHING
    smtlib: Path | None = None
    cross_check: bool = False


@frozen
class Done:
    """A piece of work's outcome; ``opinions`` has one for each record, if they were asked for."""

    work: Work
    records: tuple[Record, ...]
    opinions: tuple[Opinion, ...] = ()


def chosen(work: Work, selection: Selection) -> Iterator[Obligation]:
    """The obligations of the work that are asked for."""
    return (o for o in work.chapter.obligations(work.part) if selection.has_claim(o.claim))


def do(work: Work, order: Order) -> Done:
    """Decide every obligation of the work, and write and cross-check it as ordered."""
    records: list[Record] = []
    opinions: list[Opinion] = []
    for obligation, record in decide(chosen(work, order.selection), order.options):
        records.append(record)
        if order.smtlib or order.cross_check:
            script = text(obligation)
            if order.smtlib:
                write(obligation, script, order.smtlib)
            if order.cross_check:
                opinions.append(opinion(script, record.verdict, obligation.satisfiable))
    return Done(work, tuple(records), tuple(opinions))


def do_all(works: Sequence[Work], order: Order, jobs: int) -> Iterator[tuple[int, Done]]:
    """Do them all, and give each with its number as soon as it is done.

    Processes are spawned, not forked: Z3's own state does not survive a fork with threads.
    """
    if jobs == 1:
        for number, work in enumerate(works):
            yield number, do(work, order)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(do, work, order): number for number, work in enumerate(works)}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            for future in futures:
                future.cancel()
