"""``refmodel fuzz``: run a campaign, show how it goes, and say what was found."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.status import Status

from fuzz.campaign import Plan, Summary, run_campaign
from refmodel.machines import MACHINES
from refmodel.schedules.narrate import narrate
from refmodel.schedules.replay import replay
from refmodel.schedules.schedule import load

__all__ = ["campaign", "fuzz"]


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class _Time(click.ParamType[float]):
    """A time such as ``60s``, ``10m``, ``1h`` or ``45``, in seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, int | float):
            return float(value)
        number, unit = (value[:-1], value[-1]) if value and value[-1] in _UNITS else (value, "s")
        try:
            seconds = float(number) * _UNITS[unit]
        except ValueError:
            seconds = 0.0
        if not 1 <= seconds <= 10**8:
            self.fail(f"{value!r} is no time of at least a second: say e.g. 60s, 10m or 1h", param, ctx)
        return seconds


def campaign(variant: str | None, seconds: float, seed: int, folder: Path) -> Summary:
    """Fuzz the seed machine or a variant, of whatever machine, for at most so many seconds; stops at the first finding.

    Findings are in ``folder / "findings"``. Unusable when there is no atheris or no such variant.
    """
    return run_campaign(Plan(folder, variant=variant, seconds=seconds, seed=seed))


@click.command()
@click.option(
    "--machine", default="", help=f"The machine, e.g. {', '.join(MACHINES)}; else the variant's own, or seed."
)
@click.option("--variant", help="A wrong (or sound but wasteful) variant of it.")
@click.option("--time", "seconds", type=_Time(), default="60s", show_default=True, help="How long: 60s, 10m, 1h.")
@click.option("--runs", type=click.IntRange(min=1), help="Stop after so many runs.")
@click.option("--seed", type=click.IntRange(1, 2**31 - 1), default=1, show_default=True, help="Of the random choices.")
@click.option(
    "--corpus",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for corpus and findings, kept and gone on from. Without it: a temporary one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def fuzz(
    machine: str, variant: str | None, seconds: float, runs: int | None, seed: int, folder: Path | None, as_json: bool
) -> None:
    """Interleave guest stores and transfers, guided by the state that they reach.

    Every claim is checked after every step, and what the guest would notice. The first finding is shrunk, written as
    a schedule for `refmodel replay`, and ends the campaign. Exit status: 0 nothing found, 1 a finding, 2 unusable.
    """
    place = folder or Path(tempfile.mkdtemp(prefix="refmodel-fuzz-"))
    with _progress(as_json) as show:
        summary = run_campaign(Plan(place, machine, variant, seconds, runs, seed), show)
    if folder is None and not summary.findings:  # what went wrong, or was found, is kept to be looked at
        shutil.rmtree(place, ignore_errors=True)
    if as_json:
        click.echo(_json(summary))
    else:
        _say(summary)
    click.get_current_context().exit(1 if summary.findings else 0)


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[Summary], None]]:
    """Shows how it goes on a terminal; silent elsewhere. rich respects NO_COLOR."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda summary: None
        return
    with Status("fuzzing: starting", console=console) as status:

        def show(s: Summary) -> None:
            rate = f"{s.runs_per_second:,.0f} runs/s"
            status.update(f"fuzzing: {s.runs:,} runs, {rate}, {s.states:,} abstract states, {s.seconds:.0f} s")

        yield show


def _json(summary: Summary) -> str:
    fields = {
        "machine": summary.machine,
        "variant": summary.variant,
        "seed": summary.seed,
        "seconds": round(summary.seconds, 3),
        "runs": summary.runs,
        "runs_per_second": round(summary.runs_per_second, 1),
        "states": summary.states,
        "rule": summary.rule,
        "findings": [str(path) for path in summary.findings],
    }
    return orjson.dumps(fields, option=orjson.OPT_INDENT_2).decode()


def _say(summary: Summary) -> None:
    name = summary.machine + (f" ({summary.variant})" if summary.variant else "")
    what = f"{summary.runs:,} runs, {summary.runs_per_second:,.0f} a second, {summary.states:,} abstract states"
    found = f"{len(summary.findings)} finding" if summary.findings else "nothing found"
    click.echo(f"{name}: {found}; {what}")
    console = Console(highlight=False)
    for path in summary.findings:
        schedule = load(path)
        console.print(narrate(schedule, list(replay(schedule))))
        click.echo(f"{len(schedule.actions)} steps: {path}")
