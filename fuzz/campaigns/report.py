"""What a campaign came to: for people, and as JSON."""

import json
from pathlib import Path

import attrs
import click
from rich.console import Console, RenderableType

from fuzz.campaigns.found import describe
from fuzz.campaigns.plan import Summary
from fuzz.campaigns.progress import duration
from refmodel.schedules.narrate import narrate
from refmodel.schedules.replay import replay
from refmodel.schedules.schedule import load
from refmodel.unusable import Unusable

__all__ = ["as_json", "say", "told"]


def as_json(summary: Summary) -> str:
    """All its figures."""
    fields = attrs.asdict(summary) | {
        "seconds": round(summary.seconds, 3),
        "runs_per_second": round(summary.runs_per_second, 1),
        "since_new": round(summary.since_new, 3),
        "findings": [str(path) for path in summary.findings],
    }
    return json.dumps(fields, indent=2)  # in ASCII: a file's name in a warning may be none that orjson can write


def outcome(summary: Summary) -> str:
    """In a line."""
    reached = f"{summary.states:,} abstract states" if summary.states else f"{summary.features:,} features"
    what = f"{summary.runs:,} runs, {summary.runs_per_second:,.0f} a second, {reached}, corpus {summary.corpus:,}"
    count = summary.found
    found = f"{count} finding{'s' if count > 1 else ''}" if count else "nothing found"
    earlier = f" ({count - summary.new} of them earlier)" if count > summary.new else ""
    return f"{summary.name}: {found}{earlier}; {what}, last new {duration(summary.since_new)} before the end"


def told(path: Path) -> tuple[str, RenderableType, str]:
    """A finding for people: the rule, what happened, step by step where it is a schedule, and where it is."""
    try:
        beside = describe(path)
        if beside is None:
            schedule = load(path)
            rule = schedule.broken.claim if schedule.broken else "noticed"
            return rule, narrate(schedule, list(replay(schedule))), f"{len(schedule.actions)} steps: {path}"
    except Unusable as error:  # it has been taken away meanwhile
        return str(path), str(error), str(path)
    said, given = f"{beside['rule']}: {beside.get('message')}", path.with_name(beside["input"])
    return beside["key"], said, f"once more: python fuzz/targets/{beside.get('target')}.py {given}"


def say(summary: Summary) -> None:
    """Print it, with the first finding of each rule in full; warnings to stderr."""
    for warning in summary.warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(outcome(summary))
    console = Console(highlight=False, markup=False)
    seen = set[str]()
    for path in summary.findings:
        rule, what, where = told(path)
        if rule not in seen:
            console.print(what)
        seen.add(rule)
        click.echo(where)
    for text in summary.unwritten:
        click.echo(f"NOT WRITTEN: {text}")
