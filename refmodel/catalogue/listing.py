"""The catalogue as a table that fits 80 columns: a row a class."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from refmodel.catalogue.classes import CLASSES, CONTROLS, GROUPS
from refmodel.catalogue.verdicts import Verdict, checkers, variants_of
from refmodel.variants import Variant

__all__ = ["commits", "show_all"]


def commits() -> int:
    """How many commits the catalogue cites, each once."""
    named = {commit for known in CLASSES.values() for commit in known.commits}
    return len(named | {i for source in CONTROLS for i in source.ids})


def show_all(console: Console, verdicts: dict[str, Verdict]) -> None:
    """Every class: what it breaks, how many sources it has, what stands for it, and who catches that."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    table.add_column("class", no_wrap=True)
    table.add_column("what goes wrong", overflow="fold", ratio=3)
    table.add_column("breaks", overflow="fold", ratio=2)
    table.add_column("sources", justify="right", no_wrap=True)
    table.add_column("variants of seed", overflow="fold", ratio=4)
    for group in GROUPS:
        for known in group.classes:
            breaks = "\n".join((*known.contracts, *known.invariants)) or "the check"
            stands = _variants(variants_of(known.number), verdicts, checkers(known.number))
            if known.missing:
                stands.append(f"not modelled yet: {known.missing}", style="dim")
            table.add_row(known.number, known.title, breaks, str(len(known.sources)), stands)
        table.add_section()
    stands = _variants(variants_of("-"), verdicts, ("proof", "search"))
    table.add_row("-", "sound, and accepted", "nothing", str(len(CONTROLS)), stands)
    console.print(table)
    console.print(f"{len(CLASSES)} classes of real bugs, {commits()} commits. `refmodel bugs M07` tells all of one.")
    if verdicts:
        console.print("breaks at: steps to a broken claim; seen at: steps until the guest notices")
    else:
        console.print("`refmodel bugs --check` has each variant searched and proved: minutes.")


def _variants(variants: Sequence[Variant], verdicts: dict[str, Verdict], who: Sequence[str]) -> Text:
    """The variants by name, each with its verdicts, or with who gives one."""
    text = Text()
    for variant in variants:
        text.append(f"{variant.name}{' (sound)' if variant.sound and variant.catalogue != '-' else ''}\n")
        if verdict := verdicts.get(variant.name):
            style = "green" if verdict.is_right else "bold red"
            text.append(f" {_searched(verdict)}\n {_proved(verdict)}\n", style=style)
    if variants and not verdicts:
        text.append(f"by {', '.join(who)}\n", style="dim")
    text.rstrip()
    return text


def _searched(verdict: Verdict) -> str:
    """What the search says, in a word or two."""
    if verdict.broken_after is None:
        return f"nothing in {verdict.found.explored.states:,} states"
    seen = f"seen at {verdict.noticed_after}" if verdict.noticed_after else "not seen"
    return f"breaks at {verdict.broken_after}, {seen}"


def _proved(verdict: Verdict) -> str:
    """What the proof says, in a word or two."""
    refutation = verdict.refutation
    return f"{refutation.verdict}: {refutation.step}" if refutation else verdict.said_by_proof
