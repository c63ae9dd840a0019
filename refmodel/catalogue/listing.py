"""The catalogue as a table that fits 80 columns: a row a class."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from refmodel.catalogue.classes import CLASSES, CONTROLS, GROUPS, Source
from refmodel.catalogue.mutants import Shown, mutants_of
from refmodel.catalogue.verdicts import Verdict, checkers, variants_of
from refmodel.variants import Variant

__all__ = ["commits", "show_all"]


def commits() -> int:
    """How many commits the catalogue cites, each once."""
    named = {commit for known in CLASSES.values() for commit in known.commits}
    return len(named | {i for source in CONTROLS for i in source.ids})


def show_all(console: Console, verdicts: dict[str, Verdict], said: dict[str, Shown]) -> None:
    """Every class: what it breaks, how many sources it has, what stands for it, and what each checker says of that."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    table.add_column("class", no_wrap=True)
    table.add_column("what goes wrong", overflow="fold", ratio=3)
    table.add_column("breaks", overflow="fold", ratio=2)
    table.add_column("sources", justify="right", no_wrap=True)
    table.add_column("variants", overflow="fold", ratio=5)
    for group in GROUPS:
        for known in group.classes:
            breaks = "\n".join((*known.contracts, *known.invariants)) or "the check"
            stands = _variants(variants_of(known.number), verdicts, checkers(known.number))
            _mutants(stands, known.number, said)
            if known.missing:
                stands.append(f"not modelled yet: {known.missing}", style="dim")
            table.add_row(known.number, known.title, breaks, _sources(known.sources), stands)
        table.add_section()
    stands = _variants(variants_of("-"), verdicts, ("proof", "search"))
    table.add_row("-", "sound, and accepted", "nothing", _sources(CONTROLS), stands)
    console.print(table)
    console.print(f"{len(CLASSES)} classes of real bugs, {commits()} commits. `refmodel bugs M07` tells all of one.")
    console.print("sources by how they were read: D the diff, C the message, T its title, P an excerpt")
    if verdicts:
        console.print("breaks at: steps to a broken claim; seen at: steps until the guest notices; then the obligation")
        console.print("that the proof refutes, by its step, and the rules that the oracle finds broken")


def _sources(sources: Sequence[Source]) -> str:
    """How many, and how they were read."""
    tags = {tag for source in sources for tag in source.tag if tag.isalpha()}
    return f"{len(sources)}\n{' '.join(tag for tag in 'DCTP' if tag in tags)}"


def _variants(variants: Sequence[Variant], verdicts: dict[str, Verdict], who: Sequence[str]) -> Text:
    """The variants by name, each with its machine and its verdicts, or with who gives one."""
    text = Text()
    for variant in variants:
        sound = " (sound)" if variant.sound and variant.catalogue != "-" else ""
        machine = f" of {variant.machine}" if variant.machine != "bare" else ""
        text.append(f"{variant.name}{machine}{sound}\n")
        if verdict := verdicts.get(variant.name):
            said = [_searched(verdict), _proved(verdict), verdict.said_by_oracle]
            text.append(
                "".join(f" {line}\n" for line in said if line), style="green" if verdict.is_right else "bold red"
            )
    if variants and not verdicts:
        text.append(f"by {', '.join(who)}\n", style="dim")
    text.rstrip()
    return text


def _mutants(text: Text, number: str, said: dict[str, Shown]) -> None:
    """The wrong checkers, each with what it loses."""
    for mutant in mutants_of(number):
        text.append(f"{mutant.name} of the {mutant.checker}\n")
        if shown := said.get(mutant.name):
            lost = f" loses {', '.join(shown.lost)}\n" if shown.lost else " loses nothing\n"
            text.append(lost, style="green" if shown.is_right else "bold red")
    text.rstrip()


def _searched(verdict: Verdict) -> str:
    """What the search says, in a word or two."""
    if verdict.broken_after is None:
        return "not reached" if verdict.variant.unreached else f"nothing in {verdict.found.explored.states:,} states"
    seen = f"seen at {verdict.noticed_after}" if verdict.noticed_after else "not seen"
    return f"breaks at {verdict.broken_after}, {seen}"


def _proved(verdict: Verdict) -> str:
    """What the proof says, in a word or two."""
    refutation = verdict.refutation
    return f"{refutation.verdict}: {refutation.step}" if refutation else verdict.said_by_proof
