"""``refmodel lab qemu``: real migrations of the system's own QEMU, driven, recorded and judged."""

import asyncio
import importlib.util
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from refmodel.interrupts import ending_in_order
from refmodel.lab.scenarios import SCENARIOS
from refmodel.unusable import Unusable

if TYPE_CHECKING:
    from refmodel.lab.outcome import Outcome

__all__ = ["lab", "row_of"]


@click.group()
def lab() -> None:
    """Drive real hypervisors, and judge what they do."""


@lab.command()
@click.argument("names", nargs=-1, metavar="[SCENARIO]...")
@click.option("--all", "every", is_flag=True, help="Every scenario.")
@click.option("--list", "listed", is_flag=True, help="Say which scenarios there are.")
@click.option("--runs", type=click.IntRange(1, 100_000), default=1, show_default=True, help="Of each scenario.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the faults on the wire; one more each run.")
@click.option("--binary", default="qemu-system-x86_64", show_default=True, help="The QEMU to drive.")
@click.option(
    "--keep", type=click.Path(file_okay=False, path_type=Path), help="Keep the recordings in this folder, one each run."
)
@click.option("--store-log", is_flag=True, help="Log every store of the guest, by a plugin that is built here.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcomes as JSON.")
def qemu(
    names: tuple[str, ...],
    every: bool,
    listed: bool,
    runs: int,
    seed: int,
    binary: str,
    keep: Path | None,
    store_log: bool,
    as_json: bool,
) -> int:
    """Boot a source and a target, migrate, record, judge; `plain` by default.

    A tiny guest, built here, writes pages by a rule of its own, so that a loss is seen without any log. Exit status of
    one run: the verdict's. Of several: 0 when every loss was called a violation and nothing else was, 1 otherwise.
    """
    if listed:
        for name, scenario in SCENARIOS.items():
            click.echo(f"{name:14} {scenario.what}")
        return 0
    chosen = list(SCENARIOS) if every else list(names or ("plain",))
    for name in chosen:
        if name not in SCENARIOS:
            raise Unusable(name, "no such scenario", f"one of {', '.join(SCENARIOS)}")
    _needs(binary)
    outcomes: list[Outcome] = []
    notes = Console(stderr=True, quiet=as_json)
    with ending_in_order(), _folder(keep) as place, notes.status("") as status:
        for number in range(runs):
            for name in chosen:
                status.update(f"{name}, run {number + 1} of {runs}")
                one = place / (name if runs == 1 else f"{name}-{number + 1}")
                if keep is None:
                    shutil.rmtree(one, ignore_errors=True)
                outcomes.append(_run(name, binary, one, seed + number, store_log))
                if keep is None:
                    shutil.rmtree(one, ignore_errors=True)
    if as_json:
        click.echo(orjson.dumps([row_of(each) for each in outcomes], option=orjson.OPT_INDENT_2))
    else:
        Console().print(_table(outcomes))
    if len(outcomes) == 1:
        return {"accepted": 0, "violation": 1}.get(outcomes[0].verdict.verdict, 2)
    return int(any(each.mistake(SCENARIOS[each.scenario]) for each in outcomes))


def _needs(binary: str) -> None:
    if shutil.which(binary) is None:
        raise Unusable(binary, "it is not installed", "QEMU: apt-get install --no-install-recommends qemu-system-x86")
    for name in ("qemu.qmp", "numpy", "xxhash"):
        if importlib.util.find_spec(name) is None:
            raise Unusable(name, "it is not installed", "pip install 'refmodel[lab]'")


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Where recordings go; a temporary place is gone afterwards."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="refmodel-lab-") as made:
            yield Path(made)
        return
    try:
        keep.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unusable(str(keep), error.strerror or str(error), "a folder that can be written") from None
    yield keep


def _run(name: str, binary: str, folder: Path, seed: int, store_log: bool) -> "Outcome":
    from refmodel.lab.run import run

    return asyncio.run(run(name, SCENARIOS[name], binary, folder.resolve(), seed, store_log))


def row_of(outcome: "Outcome") -> dict[str, object]:
    """A run as JSON values."""
    return {
        "scenario": outcome.scenario,
        "status": outcome.status,
        "verdict": outcome.verdict.verdict,
        "rules": sorted({finding.rule for finding in outcome.verdict.findings}),
        "tap": outcome.live,
        "unchecked": outcome.told.unchecked,
        "added_downtime_ms": outcome.told.as_json()["added_downtime_ms"],
        "differing": list(outcome.differing),
        "wrong": [page.pfn for page in outcome.wrong],
        "struck": outcome.struck,
        "seconds": round(outcome.seconds, 3),
        "mistake": outcome.mistake(SCENARIOS[outcome.scenario]),
    }


def _table(outcomes: "list[Outcome]") -> Table:
    table = Table(title="refmodel lab qemu", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    numbers = ("pages that differ", "added ms", "s")
    for name in (
        "scenario",
        "migration",
        "verdict",
        "tap",
        "pages that differ",
        "wrong, says the guest",
        *numbers[1:],
        "",
    ):
        table.add_column(name, justify="right" if name in numbers else "left")
    for each in outcomes:
        mistake = each.mistake(SCENARIOS[each.scenario])
        first = f": {each.verdict.findings[0].rule}" if each.verdict.findings else ""
        table.add_row(
            each.scenario,
            each.status,
            each.verdict.verdict + first,
            f"{each.live}, cut" if each.told.target == "cut" else each.live,
            str(len(each.differing)),
            str(len(each.wrong)),
            "" if each.told.added_downtime is None else f"{each.told.added_downtime * 1000:.0f}",
            f"{each.seconds:.1f}",
            "[green]ok[/]" if mistake is None else f"[bold red]{mistake}[/]",
        )
    return table
