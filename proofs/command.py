"""The command ``refmodel prove``."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from proofs.assumptions import assumed
from proofs.display import show
from proofs.prove import prove_all
from proofs.solve import Options
from proofs.theorem import Weakened
from proofs.work import Done
from refmodel.language import Contract
from refmodel.machines import machine, own_machine
from refmodel.theorem import CONTRACTS
from refmodel.unusable import Unusable

__all__ = ["prove"]


@contextmanager
def _progress(console: Console, quiet: bool) -> Iterator[Callable[[Done, int], None]]:
    """A bar while the work is done; nothing where nobody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("proving", total=None)

        def watch(done: Done, works: int) -> None:
            bar.update(task, total=works, advance=1, description=done.records[-1].group if done.records else "proving")

        yield watch


@click.command()
@click.option("--machine", "machine_name", metavar="NAME", help="The machine; else the variant's own, or seed.")
@click.option("--variant", metavar="NAME", help="One of its variants; a wrong one is refuted.")
@click.option("--only", metavar="STEP|CLAIM", multiple=True, help="Only this step or claim; may be repeated.")
@click.option(
    "--without",
    type=click.Choice([contract.value for contract in CONTRACTS]),
    help="The theorem as if this contract exported nothing: a state in which it fails.",
)
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="The solver's seed.")
@click.option("--json", "as_json", is_flag=True, help="Print records and totals as JSON, and nothing else.")
@click.option(
    "--smtlib",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write each obligation as SMT-LIB 2 below DIR.",
)
@click.option("--cross-check", is_flag=True, help="Have cvc5 decide each obligation too.")
def prove(
    machine_name: str | None,
    variant: str | None,
    only: tuple[str, ...],
    without: str | None,
    jobs: int,
    seed: int,
    as_json: bool,
    smtlib: Path | None,
    cross_check: bool,
) -> None:
    """Prove the specification, for any number of pages, CPUs and steps.

    Exit status: 0 everything is proved, 1 something is refuted or not decided, 2 the arguments cannot be used.
    """
    console = Console(highlight=False, soft_wrap=True)
    options = Options(seed)
    try:
        spec = machine(machine_name or own_machine(variant), variant)
        with _progress(Console(stderr=True), as_json) as watch:
            report = prove_all(
                spec,
                only=only,
                jobs=jobs,
                options=options,
                smtlib=smtlib,
                cross_check=cross_check,
                watch=watch,
                chapters=None if without is None else (Weakened(spec, Contract(without)),),
            )
    except Unusable as unusable:
        raise click.UsageError(str(unusable)) from None
    if as_json:
        click.echo(orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2))
    else:
        show(console, report, options, () if without else assumed(spec))
    sys.exit(0 if report.is_proved else 1)
