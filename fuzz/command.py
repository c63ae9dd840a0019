"""``refmodel fuzz``: run a campaign, show how it goes, and say what was found."""

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Never

import click
from rich.console import Console

from fuzz.campaigns.campaign import run_campaign
from fuzz.campaigns.minimize import minimize
from fuzz.campaigns.plan import Plan, Summary
from fuzz.campaigns.progress import shown
from fuzz.campaigns.report import as_json, say
from refmodel.interrupts import ending_in_order
from refmodel.machines import MACHINES
from refmodel.unusable import Unusable

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


class _Place(click.Path):
    """A path, which a variable of the shell that is not set is none: Python takes it for the working directory."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not os.fspath(value):
            self.fail("it is empty", param, ctx)
        return super().convert(value, param, ctx)


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
@click.option("--target", default="", help="A file of fuzz/targets, by name: what is asked.  [default: machine]")
@click.option("--time", "seconds", type=_Time(), default="60s", show_default=True, help="How long: 60s, 10m, 1h.")
@click.option("--runs", type=click.IntRange(min=1), help="Stop after so many runs.")
@click.option("--seed", type=click.IntRange(1, 2**31 - 1), help="Of the random choices.  [default: 1]")
@click.option(
    "--workers",
    type=click.IntRange(1, 4096),
    help="Processes that fuzz, 1 a core.  [default: 1; on a cluster, 1 a thread of it]",
)
@click.option("--timeout", type=_Time(), default="60s", show_default=True, help="An input that takes longer hangs.")
@click.option("--keep-going", is_flag=True, help="Collect findings that differ; else the first ends the campaign.")
@click.option(
    "--corpus",
    "folder",
    type=_Place(file_okay=False, path_type=Path),
    help="A folder for the campaign, which is kept. Without it: a temporary one.",
)
@click.option("--resume", is_flag=True, help="Go on with the campaign in that folder; begin it where there is none.")
@click.option(
    "--minimize",
    metavar="DIR",
    type=_Place(file_okay=False, path_type=Path),
    callback=lambda context, option, folder: _minimized(context, folder) if folder else None,
    expose_value=False,
    is_eager=True,
    help="Keep of the corpus of a campaign the shortest input of each feature, and do nothing else.",
)
@click.option("--cluster", metavar="ADDRESS", help="Fuzz on the workers of this Dask scheduler, as tcp://HOST:8786.")
@click.option("--store", metavar="URL", help="Where they meet: a folder that all see, s3://..., any that fsspec knows.")
@click.option("--json", "in_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--junit", type=_Place(dir_okay=False, path_type=Path), help="Write the result as JUnit XML too.")
def fuzz(
    folder: Path | None, cluster: str | None, store: str | None, in_json: bool, junit: Path | None, **given: Any
) -> None:
    """Interleave guest stores and transfers, guided by the state that they reach.

    Every claim is checked after every step, and what the guest would notice. A finding is shrunk, and written as a
    schedule for `refmodel replay`. Other targets ask other questions. Exit status: 0 nothing found, 1 a finding in the
    campaign's folder, 2 unusable.
    """
    if given["resume"] and folder is None:
        raise click.UsageError("--resume goes on with a campaign: say in which folder it is, by --corpus")
    if junit is not None and importlib.util.find_spec("junitparser") is None:
        raise Unusable("--junit", "junitparser is not installed", "pip install 'refmodel[fuzz]'")
    if (cluster is None) != (store is None):
        raise click.UsageError("--cluster ADDRESS and --store URL go together: the workers meet in the store")
    if junit is not None and folder not in junit.parents and not os.access(junit.parent, os.W_OK):
        raise Unusable(f"--junit {junit}", "its folder cannot be written", "a file that can be")  # before, not after
    place = folder or Path(tempfile.mkdtemp(prefix="refmodel-fuzz-"))
    plan = Plan(place, **given)
    try:
        with ending_in_order(), shown(Console(stderr=True), quiet=in_json) as show:
            summary = _on_cluster(plan, cluster, store, show) if cluster and store else run_campaign(plan, show)
        if not summary.runs_per_second and not summary.found:  # to say that nothing was found would be wrong
            raise Unusable("--time", f"no run came to its end in {given['seconds']:.0f} s", "a longer time")
    except Unusable as error:
        if folder is None and not any(place.glob("log/*.log")):  # no worker has begun
            shutil.rmtree(place, ignore_errors=True)
        if junit is not None:
            _write(junit, error, _name(plan))
        raise
    except KeyboardInterrupt:
        if junit is not None:
            _write(junit, Unusable("refmodel fuzz", "interrupted", "a campaign that comes to its end"), _name(plan))
        is_temporary = folder is None and not any(place.glob("findings/*"))
        if is_temporary:
            shutil.rmtree(place, ignore_errors=True)
        on = "" if is_temporary else f"; go on with it: refmodel fuzz --corpus {place} --resume"
        click.echo(f"interrupted{on}", err=True)
        click.get_current_context().exit(130)
    if folder is None and not summary.found:  # what went wrong, or was found, is kept to be looked at
        shutil.rmtree(place, ignore_errors=True)
    if in_json:
        click.echo(as_json(summary))
    else:
        say(summary)
    if junit is not None:
        _write(junit, summary, summary.name)
    click.get_current_context().exit(1 if summary.found else 0)


def _minimized(context: click.Context, folder: Path) -> Never:
    before, after = minimize(folder)
    click.echo(f"{folder}: of {before:,} inputs {after:,} stay, and every feature")
    context.exit(0)


def _on_cluster(plan: Plan, address: str, store: str, show: Callable[[Summary], object]) -> Summary:
    if any(importlib.util.find_spec(name) is None for name in ("distributed", "fsspec")):
        raise Unusable("--cluster", "distributed or fsspec is not installed", "pip install 'refmodel[cluster]'")
    from fuzz.cluster.campaign import run_on_cluster  # only where the extra is installed

    return run_on_cluster(plan, address, store, show)


def _write(path: Path, result: Summary | Unusable, name: str) -> None:
    from fuzz.campaigns.junit import write_junit  # only where the extra is installed

    write_junit(path, result, name)


def _name(plan: Plan) -> str:
    return " ".join(filter(None, (plan.target, plan.machine, plan.variant))) or "seed"
