"""``refmodel fast PATH`` and ``refmodel events convert``."""

import sys
from pathlib import Path

import click
import orjson
from rich.console import Console

from refmodel.oracle.screen import show
from refmodel.unusable import Unusable

__all__ = ["events", "fast"]


def _need(*packages: str) -> None:
    """Unusable where what the extra brings is not there."""
    for package in packages:
        try:
            __import__(package)
        except ImportError:
            raise Unusable("refmodel", f"no {package}", "the extra: pip install 'refmodel[fast]'") from None


@click.command(no_args_is_help=True)
@click.argument("path")
@click.option("--ram", metavar="[BLOCK=]FILE", multiple=True, help="The source's memory, raw (default: pc.ram).")
@click.option("--truth", metavar="FILE", help="Both sides' memory at the cutover, as JSON digests (QEMU).")
@click.option("--deltas", is_flag=True, help="Keep contents, 4 KiB a page, for a stream with XBZRLE records.")
@click.option("--shards", type=click.IntRange(2, 4096), help="Judge a columnar file in so many ranges of pages.")
@click.option("--dask", metavar="ADDRESS", help="Where: a scheduler of Dask, or so many local workers, e.g. 2.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
def fast(
    path: str,
    ram: tuple[str, ...],
    truth: str | None,
    deltas: bool,
    shards: int | None,
    dask: str | None,
    as_json: bool,
) -> int:
    """Judge a stream of QEMU or Xen, or an event file (lines or columns), at line rate.

    The verdict is that of `refmodel oracle` by the rules that hold for any recording; rules over companions (traces,
    store logs, bitmaps) are not looked at. Of each page 22 bytes are kept. - is standard input, which is read once:
    what is found in it is told without stories. Exit status: 0 accepted, 1 violation, 2 unusable input.
    """
    if shards and (ram or truth or deltas):  # what a columnar file is compared with stands in it
        raise Unusable("--shards", "given with --ram, --truth or --deltas", "a columnar file alone")
    if dask is not None and not shards:
        raise Unusable("--dask", "given without --shards", "--shards N: in how many ranges it is judged there")
    _need("numpy", "xxhash", "pyarrow")
    from refmodel.fast.inputs import judge_path
    from refmodel.fast.shards import judge_sharded

    verdict = judge_sharded(path, shards, dask) if shards else judge_path(path, ram, truth, deltas)
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(verdict.as_json(), option=orjson.OPT_INDENT_2) + b"\n")
    else:
        show(verdict, path, Console())
    status: int = verdict.status
    return status


@click.group()
def events() -> None:
    """Event files (docs/events.md): from lines (NDJSON) to columns (Arrow IPC) and back."""


@events.command()
@click.argument("given", metavar="A", type=click.Path(path_type=Path))
@click.argument("wanted", metavar="B", type=click.Path(path_type=Path))
def convert(given: Path, wanted: Path) -> None:
    """Write the events of A as B: columns if A has lines, lines if A has columns.

    Exit status: 2 where A is no event file or B cannot be written.
    """
    _need("pyarrow", "numpy", "xxhash")
    from refmodel.fast.convert import convert as write

    count = write(str(given), str(wanted))
    click.echo(f"{wanted}: {count:,} events")
