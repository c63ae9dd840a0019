"""One class told whole: what goes wrong, what stands for it, how it is caught, and where it happened."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from refmodel.catalogue.classes import BugClass, Source, cited
from refmodel.catalogue.mutants import Mutant, Shown, mutants_of
from refmodel.catalogue.verdicts import Verdict
from refmodel.compose import compose
from refmodel.migration import AnyMachine
from refmodel.oracle.catalogue import CLASSES as SHOWN
from refmodel.schedules.narrate import narrate
from refmodel.schedules.replay import replay
from refmodel.variants import VARIANTS, Variant

__all__ = ["doing", "done_rightly", "show_class", "source_line"]

_KINDS = {"commit": "", "cause": " (brought it)", "report": " (report)", "reference": " (reference)"}


def source_line(source: Source) -> str:
    """Project, commits, year, tag, kind and what went wrong."""
    return f"{source.where} [{source.tag}]{_KINDS[source.kind]}: {source.what}"


def doing(variant: Variant) -> str:
    """What the function that the variant replaces does now, as its docstring has it."""
    return _doc(variant.spec, variant.replaces)


def done_rightly(variant: Variant) -> str:
    """What that function does in the right machine."""
    return _doc(compose(variant.machine), variant.replaces)


def _doc(machine: type[AnyMachine], function: str) -> str:
    """The first paragraph of a function's docstring: what it does."""
    return " ".join(str(getattr(machine, function).__doc__ or "").split("\n\n")[0].split())


def show_class(
    console: Console,
    known: BugClass,
    asked: Sequence[str],
    verdicts: Mapping[str, Verdict],
    said: Mapping[str, Shown],
) -> None:
    """Print it; the schedule and the failing obligation are those of the variant that breaks soonest."""
    console.print(f"[bold]{known.number}  {escape(known.title)}[/]")
    breaks = ", ".join(known.invariants) or "no invariant of migration"
    console.print(f"breaks {breaks}; contract: {', '.join(known.contracts) or 'none'}")
    _say(console, known.mutant, 0)
    if known.note:
        _say(console, known.note, 0)
    if known.missing:
        console.print("\n[bold]Not modelled yet[/]")
        _say(console, f"missing: {known.missing}")
    for name in asked:
        _variant(console, VARIANTS[name], verdicts.get(name))
    for mutant in mutants_of(known.number):
        _mutant(console, mutant, said.get(mutant.name))
    _soonest(console, [verdict for verdict in verdicts.values() if verdict.found.schedule])
    console.print("\n[bold]A recording[/]")
    if shown := SHOWN.get(known.number):
        _say(console, f"can show it by {', '.join(sorted(shown.rules))}")
    else:
        _say(console, "does not show it")
    console.print("\n[bold]Seen in[/]")
    for source in known.sources:
        _say(console, source_line(source))
    console.print("[dim]D: diff or source read; C: most of the message; T: its title; P: an excerpt[/]")


def _say(console: Console, text: str, indent: int = 2) -> None:
    console.print(Padding(escape(text), (0, 0, 0, indent), expand=False))


def _variant(console: Console, variant: Variant, verdict: Verdict | None) -> None:
    console.print(f"\n[bold]Variant {variant.name}[/] of {variant.machine}{' (sound)' if variant.sound else ''}")
    _say(console, variant.summary)
    _say(console, f"right, {variant.replaces}: {done_rightly(variant)}")
    _say(console, f"here: {doing(variant)}")
    sources = [source.where for source in cited(variant.sources, variant.catalogue)]
    if sources:
        _say(console, f"stands for {'; '.join(dict.fromkeys(sources))}")
    if verdict:
        _verdict(console, verdict)


def _mutant(console: Console, mutant: Mutant, shown: Shown | None) -> None:
    console.print(f"\n[bold]Wrong checker {mutant.name}[/] of the {mutant.checker}")
    _say(console, mutant.summary)
    _say(console, f"replaces {mutant.replaces}; shown on the variant {mutant.shown_on}")
    sources = [source.where for source in cited(mutant.sources, mutant.catalogue)]
    if sources:
        _say(console, f"stands for {'; '.join(dict.fromkeys(sources))}")
    if shown:
        _say(console, f"the right one finds: {', '.join(shown.right).replace('_', ' ') or 'nothing'}")
        _say(console, f"this one finds: {', '.join(shown.wrong).replace('_', ' ') or 'nothing'}")


def _verdict(console: Console, verdict: Verdict) -> None:
    _say(console, f"search: {verdict.said_by_search}")
    if verdict.variant.unreached:
        _say(console, verdict.variant.unreached, 4)
    schedule = verdict.found.schedule
    if schedule and schedule.broken:
        _say(console, schedule.specification().claims[schedule.broken.claim].sentence, 4)
    if schedule and schedule.noticed:
        _say(console, schedule.noticed.what, 4)
    elif verdict.found.how:
        _say(console, verdict.found.how, 4)
    _say(console, f"proof: {verdict.said_by_proof}")
    if refutation := verdict.refutation:
        whose = f" ({refutation.contract})" if refutation.contract else ""
        _say(console, f"against{whose}: {refutation.claim.replace('_', ' ')}", 4)
    if verdict.judged:
        _say(console, f"oracle: {verdict.said_by_oracle}")
        for found in verdict.judged.findings[:1]:
            _say(console, found.message, 4)


def _soonest(console: Console, broken: Sequence[Verdict]) -> None:
    """The shortest schedule, of those that the guest notices if there is one, and where its proof fails."""
    if not broken:
        return
    soonest = min(broken, key=lambda v: (v.noticed_after is None, v.noticed_after or v.broken_after or 0))
    schedule, refutation = soonest.found.schedule, soonest.refutation
    assert schedule is not None
    console.print("\n[bold]The shortest schedule[/]")
    console.print(narrate(schedule, list(replay(schedule))))
    if soonest.found.how and soonest.noticed_after is not None:
        _say(console, soonest.found.how)
    if soonest.noticed_after is None:
        _say(console, "`--check` looks further")
    if len(broken) > 1:
        _say(console, "`refmodel search --variant NAME` shows another variant's")
    _say(console, "`refmodel replay FILE --events OUT`, with the schedule of --save, shows the events that were judged")
    if refutation:
        console.print("\n[bold]The obligation that fails[/]")
        arguments = f" ({', '.join(refutation.arguments)})" if refutation.arguments else ""
        _say(
            console, f"{refutation.step}, path {refutation.path}{arguments}: {refutation.broken or refutation.verdict}"
        )
        table = Table("", "before", "after", box=None, pad_edge=False, padding=(0, 2, 0, 2))
        for where, before, after in refutation.cells:
            table.add_row(escape(where), before, after, style="bold" if before != after else None)
        console.print(table)
        _say(console, "The state before satisfies every invariant; it need not be reachable.")
