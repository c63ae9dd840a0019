"""The command ``refmodel bugs``."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches

import click
import orjson
from rich.console import Console

from refmodel.catalogue.classes import CLASSES, BugClass
from refmodel.catalogue.listing import show_all
from refmodel.catalogue.markdown import page
from refmodel.catalogue.mutants import MUTANTS, mutants_of, shown
from refmodel.catalogue.narration import show_class
from refmodel.catalogue.plain import catalogue_as_json, class_as_json
from refmodel.catalogue.verdicts import Care, judge_all, prover, variants_of
from refmodel.variants import VARIANTS

__all__ = ["bugs", "cpus"]


def cpus() -> int:
    """CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _known(name: str) -> BugClass:
    """The class of that number, or the class that a variant of that name stands for."""
    number = f"M{int(digits):02}" if (digits := name.upper().removeprefix("M")).isdecimal() else name.upper()
    if number in CLASSES:
        return CLASSES[number]
    variant = VARIANTS.get(name)
    if variant is not None and variant.catalogue in CLASSES:
        return CLASSES[variant.catalogue]
    names = [*CLASSES, *(each.name for each in VARIANTS.values() if each.catalogue in CLASSES)]
    near = get_close_matches(number, names, n=1, cutoff=0.6) or get_close_matches(name, names, n=1, cutoff=0.6)
    raise click.UsageError(f"no class {name!r}; expected {near[0] if near else 'M01 to M33'}")


@click.command()
@click.argument("name", metavar="[CLASS]", required=False)
@click.option("--check", is_flag=True, help="Search and prove every variant, or CLASS's, thoroughly: minutes.")
@click.option("--names", is_flag=True, help="List the classes and variants only, and ask no checker: at once.")
@click.option("--jobs", type=click.IntRange(1, 256), default=cpus, help="Processes; by default one a CPU.")
@click.option("--json", "as_json", is_flag=True, help="Print the catalogue as JSON, and nothing else.")
@click.option("--markdown", is_flag=True, help="Print the catalogue as a page of documentation.")
def bugs(name: str | None, check: bool, names: bool, jobs: int, as_json: bool, markdown: bool) -> None:
    """The classes of real bugs, what stands for each, and who catches it; CLASS, e.g. M07, tells all of one.

    A variant's name tells its class, by that variant alone. Every variant that is shown is searched, proved, and its
    schedule's events judged by the oracle, on the spot: in haste, unless with --check.

    Exit status: 0 each variant that was checked is judged as it must be, and each wrong checker of M33 loses what the
    right one finds; 1 one is not, or does not; 2 there is no such class.
    """
    if markdown:
        if name or check or as_json or names:
            raise click.UsageError("--markdown stands alone")
        click.echo(page(), nl=False)
        return
    if names and check:
        raise click.UsageError("--names and --check exclude each other")
    known = _known(name) if name else None
    variants = variants_of(known.number) if known else tuple(VARIANTS.values())
    asked = [variant.name for variant in variants if name not in VARIANTS or variant.name == name]
    care = Care.CHECKED if check else Care.TOLD if known else Care.LISTED
    with _told(len(asked), quiet=as_json or jobs == 1) as watch:
        verdicts = judge_all([] if names else asked, prover(), care, jobs, watch)
    mutants = () if names else mutants_of(known.number) if known else tuple(MUTANTS.values())
    said = {mutant.name: shown(mutant) for mutant in mutants}
    console = Console(highlight=False)
    if as_json:
        told = class_as_json(known, verdicts, said) if known else catalogue_as_json(verdicts, said)
        click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    elif known:
        show_class(console, known, asked, verdicts, said)
    else:
        show_all(console, verdicts, said)
    is_right = [verdict.is_right for verdict in verdicts.values()] + [each.is_right for each in said.values()]
    sys.exit(0 if all(is_right) else 1)


@contextmanager
def _told(variants: int, quiet: bool) -> Iterator[Callable[[int], None]]:
    """How many variants are done, on standard error; nothing where nobody watches."""
    console = Console(stderr=True, quiet=quiet)
    with console.status("asking the checkers") as status:
        yield lambda done: status.update(f"asking the checkers: {done} of {variants} variants")
