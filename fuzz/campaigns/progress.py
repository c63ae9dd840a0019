"""How a campaign goes, while it goes: live on a terminal, a line a minute elsewhere. rich respects NO_COLOR."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from fuzz.campaigns.plan import Summary

__all__ = ["figures", "line", "shown"]

_EVERY_SECONDS = 60.0


def duration(seconds: float) -> str:
    """For people."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def figures(s: Summary) -> dict[str, str]:
    """Name and value of what is shown."""
    return {
        "time": duration(s.seconds),
        "runs": f"{s.runs:,}",
        "a second": f"{s.runs_per_second:,.0f}",
        "abstract states": f"{s.states:,}",
        "features": f"{s.features:,}",
        "corpus": f"{s.corpus:,}",
        "findings": f"{s.found:,}",
        "last new": f"{duration(s.since_new)} ago",
    }


def line(s: Summary) -> str:
    """The same in one line."""
    reached = f"{s.states:,} abstract states" if s.states else f"{s.features:,} features"
    found = f"{s.found:,} found, last new {duration(s.since_new)} ago"
    return (
        f"{duration(s.seconds)}: {s.runs:,} runs, {s.runs_per_second:,.0f}/s, {reached}, corpus {s.corpus:,}, {found}"
    )


def _table(s: Summary) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    values = figures(s)
    for name in values:
        table.add_column(name, justify="right")
    table.add_row(*values.values())
    return table


@contextmanager
def shown(console: Console, quiet: bool = False) -> Iterator[Callable[[Summary], None]]:
    """What shows a summary on this console, while it lasts."""
    if quiet:
        yield lambda summary: None
    elif console.is_terminal:
        spinner = Spinner("dots", "fuzzing: starting")
        with Live(spinner, console=console, transient=True) as live:

            def show(s: Summary) -> None:
                spinner.update(text=f"fuzzing {s.name}, {s.workers} worker{'s' if s.workers > 1 else ''}")
                warned = (Text(f"warning: {s.warnings[-1]}"),) if s.warnings else ()
                live.update(Group(spinner, _table(s), *warned))

            yield show
    else:
        yield _now_and_then(console)


def _now_and_then(console: Console) -> Callable[[Summary], None]:
    told = time.monotonic()

    def tell(s: Summary) -> None:
        nonlocal told
        if time.monotonic() - told >= _EVERY_SECONDS:
            told = time.monotonic()
            console.print(line(s), highlight=False, soft_wrap=True)

    return tell
