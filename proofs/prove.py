"""Prove all of a specification: its chapters, part by part, on one core or several."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from proofs.chapters import chapters_of
from proofs.cross_check import available
from proofs.obligations import Chapter
from proofs.report import Report
from proofs.selection import select
from proofs.smtlib import usable_directory
from proofs.solve import Options
from proofs.work import Done, Order, Work, do_all
from refmodel.language import Specification
from refmodel.unusable import Unusable

__all__ = ["prove_all"]


def prove_all(
    spec: Specification[Any],
    *,
    only: Iterable[str] = (),
    jobs: int = 1,
    options: Options | None = None,
    smtlib: Path | None = None,
    cross_check: bool = False,
    watch: Callable[[Done, int], None] = lambda done, works: None,
    chapters: Sequence[Chapter] | None = None,
) -> Report:
    """Every obligation of the specification, decided; ``watch`` is told of each piece of work, and how many there are.

    ``only`` names steps or claims. ``smtlib`` is a directory to write the obligations to, ``cross_check`` asks a
    second solver. ``chapters`` stand in for all that the specification's proof has. Unusable when one of these cannot
    be used.
    """
    chapters = chapters_of(spec) if chapters is None else chapters
    selection = select(only, chapters)
    if cross_check:
        available()
    if smtlib:
        usable_directory(smtlib)
    works = [Work(chapter, part) for chapter in chapters for part in chapter.parts() if selection.has_part(part)]
    order = Order(options or Options(), selection, smtlib, cross_check)
    finished: dict[int, Done] = {}
    for number, done in do_all(works, order, jobs):
        finished[number] = done
        watch(done, len(works))
    report = Report(tuple(finished[number] for number in range(len(works))))
    if not report.records:
        raise Unusable("--only", "no obligation is about such a step and such a claim", "a claim of the step's chapter")
    return report
