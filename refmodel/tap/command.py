"""``refmodel tap``: between the two ends of a running migration."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import click
import orjson
from attrs import evolve
from rich.console import Console

from refmodel.oracle.recording import judge_recording
from refmodel.oracle.screen import show
from refmodel.unusable import Unusable

__all__ = ["tap"]


@click.command(no_args_is_help=True)
@click.option(
    "--listen", required=True, metavar="ADDRESS", help="Where the source migrates to: unix:PATH, tcp:HOST:PORT."
)
@click.option("--forward", required=True, metavar="ADDRESS", help="Where the target listens.")
@click.option(
    "--source-ram", metavar="[BLOCK=]FILE", multiple=True, help="RAM that the source shares, compared at the stop."
)
@click.option(
    "--qmp", metavar="ADDRESS", help="The source's monitor, which is asked for its RAM (up to 3 GiB) instead."
)
@click.option("--abort-on-violation", "abort", is_flag=True, help="Then cut the wire, before the target can start.")
@click.option("--record", type=click.Path(path_type=Path), metavar="DIR", help="Keep the stream, for refmodel oracle.")
@click.option("--deltas", is_flag=True, help="The migration uses XBZRLE: keep contents, 4 KiB a page.")
@click.option(
    "--patience", type=click.FloatRange(0.01), default=10.0, show_default=True, help="Seconds to wait for the judge."
)
@click.option(
    "--silence", type=click.FloatRange(0.01), help="Seconds without a byte, after which both ends are given up."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
def tap(
    listen: str,
    forward: str,
    source_ram: tuple[str, ...],
    qmp: str | None,
    abort: bool,
    record: Path | None,
    deltas: bool,
    patience: float,
    silence: float | None,
    as_json: bool,
) -> int:
    """Pass a migration of QEMU on, and judge it as it passes.

    Bytes alone cannot show a lost write. With --source-ram or --qmp the stop-and-copy is held until the last contents
    of all pages were compared with the source's, and the downtime that this adds is printed. If the judge fails or is
    too slow, bytes still flow, and that is said. Exit status: 0 accepted, 1 violation, 2 no verdict.
    """
    try:
        from refmodel.tap.address import address_of
        from refmodel.tap.plan import Plan
        from refmodel.tap.source import asked, shared
        from refmodel.tap.tap import run_tap
    except ImportError as error:
        raise Unusable("refmodel tap", f"no {error.name}", "the extra: pip install 'refmodel[fast]'") from None
    if source_ram and qmp:
        raise Unusable("--qmp", "the source's RAM twice", "--source-ram or --qmp")
    if abort and not (source_ram or qmp):
        raise Unusable("--abort-on-violation", "no memory to compare with", "--source-ram or --qmp")
    monitor = address_of(qmp, "--qmp") if qmp else None
    files = shared(source_ram)
    quiet = Console(stderr=True, quiet=as_json)
    plan = Plan(
        address_of(listen, "--listen"),
        address_of(forward, "--forward"),
        lambda loop: [asked(monitor, loop)] if monitor else files,
        record,
        abort,
        deltas,
        patience,
        silence=silence,
        ready=lambda: quiet.print(f"waiting at {listen}", highlight=False),
    )
    told = asyncio.run(run_tap(plan))
    if told.verdict is None and record is not None and (record / "stream.mfd0").exists():
        told = evolve(told, verdict=judge_recording(str(record)))
    said = told.as_json()
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(said, option=orjson.OPT_INDENT_2) + b"\n")
    else:
        _print(said, told, listen)
    return int(told.status)


def _print(said: dict[str, Any], told: Any, name: str) -> None:
    console = Console(highlight=False)
    if told.verdict is not None:
        show(told.verdict, name, console)
    for failure in told.failures:
        console.print(f"failure: {failure}", style="bold yellow", soft_wrap=True)
    ends, size = said["ends"], said["bytes"]
    console.print(
        f"source {ends['source']}, target {ends['target']}; {size['came']} bytes came, {size['passed']} passed on"
    )
    if said["added_downtime_ms"] is not None:
        console.print(f"added downtime {said['added_downtime_ms']} ms, for {size['held']} bytes held")
    if said["lost_writes"] == "unchecked":
        console.print("lost writes: unchecked; bytes alone cannot show one (--source-ram, --qmp)")
