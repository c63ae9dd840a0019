"""What people see of a proof: a line a group, counterexamples as tables, totals, and what was assumed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from proofs.assumption import Assumption
from proofs.counterexample import Counterexample, explain
from proofs.cross_check import Opinion
from proofs.obligations import Obligation
from proofs.report import Report
from proofs.solve import Options, Record, Verdict
from proofs.theorem import ENOUGH
from proofs.vacuity import contradiction
from proofs.work import Work

__all__ = ["show"]

EXPLAINED = 3
"""Failures beyond these are named only: most often they have one cause."""
NAMED = 20
"""Failures beyond these are counted only."""

_COLOURS = {Verdict.PROVED: "green", Verdict.REFUTED: "red", Verdict.UNKNOWN: "yellow"}


def show(console: Console, report: Report, options: Options, assumptions: Sequence[Assumption] = ()) -> None:
    """The whole report."""
    for line in _groups(report):
        console.print(line)
    _failures(console, report, options)
    console.print(_totals(report))
    for line in _opinions(report):
        console.print(line)
    if assumptions:
        console.print("\nNot proved, but assumed:")
    for assumption in assumptions:
        console.print(f"  [bold]{assumption.name}[/]: {escape(assumption.means)}")
        for source in assumption.relied_on:
            console.print(f"    [dim]{source.where} \\[{source.tag}]: {escape(source.what)}[/]")


def _counted(records: Iterable[Record]) -> str:
    counts = Counter(record.verdict for record in records)
    return ", ".join(f"[{_COLOURS[v]}]{counts[v]} {v.value}[/]" for v in Verdict if counts[v])


def _groups(report: Report) -> Iterator[str]:
    width = max(map(len, report.groups))
    for group, records in report.groups.items():
        yield f"{group:<{width}}  {sum(r.seconds for r in records):6.2f} s  {_counted(records)}"


def _failures(console: Console, report: Report, options: Options) -> None:
    failures = report.not_proved
    explained = 0
    for work, record in failures[:NAMED]:
        note = f" ({record.note})" if record.note else ""
        colour = _COLOURS[record.verdict]
        console.print(f"\n[{colour}]{record.verdict.value}[/]: {record.step} against {record.claim}{escape(note)}")
        if record.verdict is Verdict.REFUTED and explained < EXPLAINED:
            explained += 1
            _explain(console, work, record, options)
    if len(failures) > NAMED:
        console.print(f"\nand {len(failures) - NAMED} more; --json lists them all")
    for record in report.disagreements:
        console.print(f"\n[red]cvc5 disagrees[/]: {record.name}: Z3 says {record.verdict.value}")
    if failures:
        console.print()


def _explain(console: Console, work: Work, record: Record, options: Options) -> None:
    obligation = next(o for o in work.chapter.obligations(work.part) if _is_of(o, record))
    if obligation.satisfiable:
        for name in contradiction(obligation):
            console.print(f"  cannot hold together: {escape(name)}")
        return
    found = explain(obligation, options)
    if found is None:
        console.print("  no small counterexample was found again")
    else:
        _counterexample(console, found)


def _is_of(obligation: Obligation, record: Record) -> bool:
    return (obligation.path, obligation.claim) == (record.path, record.claim)


def _counterexample(console: Console, found: Counterexample) -> None:
    given = ", ".join(f"{name}={value}" for name, value in found.arguments.items())
    place = ", ".join(f"{name}={value}" for name, value in found.place.items())
    console.print(f"  {found.step}({given}) breaks{f', at {place},' if place else ''}")
    console.print(f"    {escape(found.broken)}")
    table = Table("", "before", "after", box=None, pad_edge=False, padding=(0, 2, 0, 2))
    for cell in found.cells:
        style = "bold" if cell.before != cell.after else None
        table.add_row(escape(cell.where), cell.before, cell.after, style=style)
    console.print(table)
    held = "what the other contracts export" if found.claim == ENOUGH else "every invariant"
    console.print(f"  [dim]The state before satisfies {held}; it need not be reachable.[/]")


def _totals(report: Report) -> str:
    slowest = report.slowest
    return (
        f"{len(report.records)} obligations: {_counted(report.records)}; solving took {report.seconds:.2f} s, "
        f"the slowest {slowest.seconds:.3f} s ({slowest.name})"
    )


def _opinions(report: Report) -> Iterator[str]:
    if report.opinions:
        counts = report.opinions
        yield (
            f"cvc5 agrees on {counts[Opinion.AGREES]}, does not know {counts[Opinion.UNDECIDED]}, "
            f"disagrees on {counts[Opinion.DISAGREES]}"
        )
