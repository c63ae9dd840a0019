"""``refmodel oracle PATH``: judge a recording."""

import sys

import click
import orjson
from rich.console import Console

from refmodel.oracle.recording import FORMATS, judge_recording
from refmodel.oracle.screen import show

__all__ = ["oracle"]


@click.command(no_args_is_help=True)
@click.argument("path")
@click.option("--format", "kind", type=click.Choice(FORMATS), help="What the input is, when it cannot be told.")
@click.option("--truth", metavar="FILE", help="Both sides' memory at the cutover, as JSON digests.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON, and nothing else.")
def oracle(path: str, kind: str | None, truth: str | None, as_json: bool) -> int:
    """Judge a recording of a migration: a stream, an event file, a folder of them, or - for standard input.

    Compression (zstd, xz, gzip) is recognised. Exit status: 0 accepted, 1 violation, 2 unusable input. Accepted
    means that the last content of every page was compared with the source's.
    """
    verdict = judge_recording(path, kind, truth)
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(verdict.as_json(), option=orjson.OPT_INDENT_2) + b"\n")
    else:
        show(verdict, path, Console())
    return verdict.status
