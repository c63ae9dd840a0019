"""``refmodel tap``: between the two ends of a running migration."""

import asyncio
import math
import sys
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console

from refmodel.interrupts import ending_in_order
from refmodel.oracle.screen import show
from refmodel.unusable import Unusable

__all__ = ["tap"]


class _Seconds(click.FloatRange):
    """Seconds; that which is no number lies in no range, and click lets it pass."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        seconds = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value!r} is no number of seconds", param, ctx)
        return seconds


@click.command(no_args_is_help=True)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="[COMMAND]...")
@click.option("--listen", metavar="ADDRESS", help="Where the source migrates to: unix:PATH, tcp:HOST:PORT.")
@click.option("--forward", metavar="ADDRESS", help="Where the target listens.")
@click.option("--xen", is_flag=True, help="Of Xen: between standard input and output, and COMMAND.")
@click.option(
    "--source-ram", metavar="[BLOCK=]FILE", multiple=True, help="RAM that the source shares, compared at the stop."
)
@click.option(
    "--qmp", metavar="ADDRESS", help="The source's monitor: asked for its RAM (up to 3 GiB), and after a cancel."
)
@click.option("--abort-on-violation", "abort", is_flag=True, help="Then cut the wire, before the target can start.")
@click.option("--record", type=click.Path(path_type=Path), metavar="DIR", help="Keep the stream, for refmodel oracle.")
@click.option("--deltas", is_flag=True, help="The migration uses XBZRLE: keep contents, 4 KiB a page.")
@click.option("--patience", type=_Seconds(0.01), default=10.0, show_default=True, help="Seconds to wait for the judge.")
@click.option("--silence", type=_Seconds(0.01), help="Seconds without a byte, after which both ends are given up.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
def tap(
    command: tuple[str, ...],
    listen: str | None,
    forward: str | None,
    xen: bool,
    source_ram: tuple[str, ...],
    qmp: str | None,
    abort: bool,
    record: Path | None,
    deltas: bool,
    patience: float,
    silence: float | None,
    as_json: bool,
) -> int:
    """Pass a migration on, and judge it as it passes.

    Of QEMU: --listen and --forward. Of Xen: `xl migrate -s 'refmodel tap --xen --source-ram FILE --' DOMAIN HOST`, with
    `-- ssh` for another host; FILE has the suspended domain's memory when the stream ends, and what is printed goes
    to standard error.

    Bytes alone cannot show a lost write. With memory to compare (--source-ram, --qmp) the stop-and-copy is held until
    the last contents of all pages were compared with the source's, and the downtime that this adds is printed. A source
    that is to go on when the wire is cut needs QEMU's capability return-path. If the judge fails or is too slow, bytes
    still flow, and that is said. Exit status: 0 accepted, 1 violation, 2 no verdict.
    """
    try:
        from refmodel.tap.address import address_of
        from refmodel.tap.plan import Pipes, Sockets
        from refmodel.tap.source import asked, shared, suspended
        from refmodel.tap.tap import run_tap
        from refmodel.tap.xen import run_xen
    except ImportError as error:
        raise Unusable("refmodel tap", f"no {error.name}", "the extra: pip install 'refmodel[fast]'") from None
    _refuse(command, listen, forward, xen, qmp, deltas)
    if abort and not (source_ram or qmp):
        raise Unusable("--abort-on-violation", "no memory to compare with", "--source-ram or --qmp")
    common: dict[str, Any] = {"record": record, "abort": abort, "patience": patience, "silence": silence}
    quiet = Console(stderr=True, quiet=as_json)
    if xen:
        running = run_xen(Pipes(command, suspended(source_ram), **common))
    else:
        monitor = address_of(qmp, "--qmp") if qmp else None
        files = shared(source_ram)
        plan = Sockets(
            address_of(str(listen), "--listen"),
            address_of(str(forward), "--forward"),
            lambda loop: files if files or monitor is None else [asked(monitor, loop)],
            monitor,
            deltas,
            ready=lambda: quiet.print(f"waiting at {listen}", highlight=False),
            **common,
        )
        running = run_tap(plan)
    with ending_in_order():
        told = asyncio.run(running)
    said = told.as_json()
    out = sys.stderr if xen else sys.stdout
    if as_json:
        out.buffer.write(orjson.dumps(said, option=orjson.OPT_INDENT_2) + b"\n")
    else:
        _print(said, told, "standard input" if xen else str(listen), Console(file=out, highlight=False))
    return int(told.status)


def _refuse(
    command: tuple[str, ...], listen: str | None, forward: str | None, xen: bool, qmp: str | None, deltas: bool
) -> None:
    """Options that do not go together."""
    if xen:
        if not command:
            raise Unusable("--xen", "no command", "refmodel tap --xen -- ssh HOST xl migrate-receive")
        given = (("--listen", listen), ("--forward", forward), ("--qmp", qmp), ("--deltas", deltas))
        for name, value in given:
            if value:
                raise Unusable(name, "given with --xen", "a migration of QEMU")
    elif command:
        raise Unusable(command[0], "a command without --xen", "options alone")
    elif not (listen and forward):
        raise Unusable("--forward" if listen else "--listen", "not given", "--listen and --forward, or --xen")
    elif listen == forward:
        raise Unusable("--forward", f"{forward}, where the tap itself listens", "where the target listens")


def _print(said: dict[str, Any], told: Any, name: str, console: Console) -> None:
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
    if said["unchecked"] is not None:
        console.print(f"unchecked: {said['unchecked']}", soft_wrap=True)
