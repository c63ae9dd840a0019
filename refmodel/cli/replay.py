"""``refmodel replay FILE``: run a schedule, narrate it, and let the oracle judge what a recorder would have seen."""

import sys
from pathlib import Path

import click
import orjson
from rich.console import Console

from refmodel.oracle.observed import judged, observed
from refmodel.oracle.readers.events_file import dumps
from refmodel.oracle.verdict import Verdict
from refmodel.schedules.narrate import narrate
from refmodel.schedules.replay import Moment
from refmodel.schedules.replay import replay as run
from refmodel.schedules.schedule import Schedule, load
from refmodel.search.replayed import discrepancies
from refmodel.unusable import Unusable

__all__ = ["replay"]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--events", "out", metavar="FILE", help="Write what a recorder would have seen, for `refmodel oracle`.")
@click.option("--json", "json_wanted", is_flag=True, help="Print what happened as JSON, and nothing else.")
def replay(file: Path, out: str | None, json_wanted: bool) -> None:
    """Run a schedule, narrate it, and check that it does what its file says.

    `refmodel replay s.json --events e.ndjson` writes the events of level A (docs/events.md), which
    `refmodel oracle e.ndjson` judges; with - for a file they are all that is printed. Of a schedule that migrates
    more than once, those of the migration in which the oracle finds something, else of the last.

    Exit status: 0 it does, 1 another claim breaks or the named one does not, 2 the file cannot be used.
    """
    try:
        schedule = load(file)
        moments = list(run(schedule))
    except Unusable as unusable:
        where = str(unusable) if str(file) in str(unusable) else f"{file}: {unusable}"
        raise click.UsageError(where) from None
    wrong = discrepancies(schedule, moments)
    verdict = _written(schedule, out) if out else None
    if out == "-":
        pass
    elif json_wanted:
        _print_json(file, moments, wrong, verdict)
    else:
        console = Console(highlight=False)
        console.print(narrate(schedule, moments))
        for line in wrong:
            console.print(f"not as the file says: {line}", style="bold red")
        if not wrong:
            console.print("as the file says")
        if verdict:
            console.print(f"the oracle on {out}: {_said(verdict)}")
    sys.exit(1 if wrong else 0)


def _written(schedule: Schedule, out: str) -> Verdict:
    """Write the events, and judge them."""
    recordings = observed(schedule)
    if not recordings:
        raise click.UsageError("--events: the schedule begins no migration")
    judgements = [judged([events]) for events in recordings]
    chosen = next((i for i, verdict in enumerate(judgements) if verdict.findings), len(recordings) - 1)
    data = dumps(recordings[chosen])
    try:
        if out == "-":
            sys.stdout.buffer.write(data)
        else:
            Path(out).write_bytes(data)
    except OSError as error:
        raise click.UsageError(f"{out}: {error.strerror or error}") from None
    return judgements[chosen]


def _said(verdict: Verdict) -> str:
    if verdict.findings:
        first = verdict.findings[0]
        place = "" if first.pfn is None else f", pfn {first.pfn}"
        return f"violation of {first.rule}{place}: {first.message}"
    return f"{verdict.verdict}{f' ({verdict.reason})' if verdict.reason else ''}"


def _print_json(file: Path, moments: list[Moment], wrong: list[str], verdict: Verdict | None) -> None:
    first = next((moment for moment in moments if moment.broken), None)
    noticed = next((moment for moment in moments if moment.noticed), None)
    broken = [{"claim": b.claim, "at": dict(b.at), "after": b.after} for b in first.broken] if first else []
    told = {
        "file": str(file),
        "actions": len(moments),
        "broken": broken,
        "noticed": noticed and {"what": noticed.noticed, "after": noticed.number},
        "discrepancies": wrong,
    }
    if verdict:
        rule = verdict.findings[0].rule if verdict.findings else None
        told["oracle"] = {"verdict": verdict.verdict, "rule": rule}
    click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
