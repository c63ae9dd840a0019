"""``refmodel check``: the main job in one table: prove, search, fuzz, judge."""

import sys
import time
from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points

import click
import orjson
from attrs import asdict
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from refmodel.interrupts import ending_in_order
from refmodel.oracle.recording import judge_recording
from refmodel.recordings import RECORDINGS
from refmodel.rows import Row
from refmodel.search.checked import checked as searched

__all__ = ["check"]


def judged() -> Iterator[Row]:
    """The bundled recordings, each judged."""
    for recording in RECORDINGS:
        began = time.perf_counter()
        verdict = judge_recording(str(recording.path))
        lost = sum(f.rule == "the-last-store-arrives" for f in verdict.findings)
        result = f"{verdict.verdict}, {lost} pages lost" if lost else verdict.verdict
        ok = verdict.verdict == recording.verdict and lost == recording.lost
        yield Row("oracle", f"{recording.name} ({recording.what})", result, ok, time.perf_counter() - began)


def parts() -> Iterator[tuple[str, Iterable[Row]]]:
    """Each part of the check with its rows; proofs and fuzz come by entry point (group ``refmodel.checks``)."""
    found = {point.name: point for point in entry_points(group="refmodel.checks")}
    yield "prove", found["prove"].load()() if "prove" in found else missing("prove")
    yield "search", searched()
    yield "fuzz", found["fuzz"].load()() if "fuzz" in found else missing("fuzz")
    yield "oracle", judged()


def missing(part: str) -> Iterator[Row]:
    """A part that is not installed is a failure, not a line less."""
    yield Row(part, "its package", "not installed", False, 0.0)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON, and nothing else.")
def check(as_json: bool) -> int:
    """Prove the protocol, refute its wrong variants, fuzz for a few seconds, judge the bundled recordings.

    One table at the end. Exit status: 0 all as it must be, 1 otherwise.
    """
    notes = Console(stderr=True, quiet=as_json)
    rows: list[Row] = []
    for part, found in parts():
        with ending_in_order(), notes.status(f"{part} ..."):
            for row in found:
                rows.append(row)
                mark = "ok  " if row.ok else "FAIL"
                if notes.is_terminal:
                    notes.print(f"{mark} {row.part}: {row.what}: {row.result}", soft_wrap=True, highlight=False)
    ok = all(row.ok for row in rows)
    if as_json:
        sys.stdout.buffer.write(orjson.dumps({"ok": ok, "rows": [asdict(row) for row in rows]}) + b"\n")
    else:
        Console().print(_table(rows))
    return 0 if ok else 1


def _table(rows: list[Row]) -> Table:
    table = Table(title="refmodel check", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("what", overflow="fold")  # the two in the middle are folded where the screen is narrow
    table.add_column("result", overflow="fold")
    table.add_column("s", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    last = None
    for row in rows:
        if last is not None and row.part != last:
            table.add_section()
        mark = "[green]ok[/]" if row.ok else "[bold red]FAIL[/]"
        table.add_row(row.part if row.part != last else "", row.what, row.result, f"{row.seconds:.1f}", mark)
        last = row.part
    return table
