"""``refmodel oracle PATH``: judge a recording."""

import re
import sys
from itertools import groupby

import click
import orjson
from attrs import asdict
from rich.console import Console

from refmodel.oracle.all_rules import all_rules, known_rules
from refmodel.oracle.recording import FORMATS, judge_recording
from refmodel.oracle.screen import show
from refmodel.unusable import Unusable

__all__ = ["oracle"]


@click.command(no_args_is_help=True)
@click.argument("path", required=False)
@click.option("--format", "kind", type=click.Choice(FORMATS), help="What the input is, when it cannot be told.")
@click.option("--truth", metavar="FILE", help="Both sides' memory at the cutover, as JSON digests (QEMU).")
@click.option("--require", metavar="RULE[,RULE]", default="", help="Rules that must be checked: else status 1.")
@click.option("--explain", is_flag=True, help="Search for schedules that explain what was seen (seconds).")
@click.option("--page", metavar="BLOCK:PFN", help="Tell this page's story instead, whatever is found of it.")
@click.option("--rules", "list_rules", is_flag=True, help="List every rule and the evidence that it needs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and nothing else.")
def oracle(
    path: str | None,
    kind: str | None,
    truth: str | None,
    require: str,
    explain: bool,
    page: str | None,
    list_rules: bool,
    as_json: bool,
) -> int:
    """Judge a recording of a migration: a stream, an event file, a folder of them, or - for standard input.

    Compression (zstd, xz, gzip) is recognised. Exit status: 0 accepted, 1 violation, 2 unusable input. Accepted
    means that the last content of every page was compared with the source's.
    """
    if list_rules:
        _list_rules(as_json)
        return 0
    if path is None:
        raise click.UsageError("Missing argument 'PATH'.")
    required = known_rules([name for name in require.split(",") if name])
    asked = _page(page) if page else None
    quiet = Console(stderr=True, quiet=as_json)
    with quiet.status("reading") as status:
        verdict = judge_recording(path, kind, truth, explain=explain, require=required, page=asked, watch=status.update)
    if as_json:
        _print(verdict.as_json())
    else:
        show(verdict, path, Console())
    return verdict.status


def _page(text: str) -> tuple[str, int]:
    """A block's name may have colons: the pfn stands after the last."""
    block, _, pfn = text.rpartition(":")
    if not block or not re.fullmatch(r"\d{1,15}|0x[0-9a-f]{1,12}", pfn, re.ASCII | re.IGNORECASE):
        raise Unusable("--page", repr(text), "BLOCK:PFN, e.g. pc.ram:258")
    return block, int(pfn, 0 if pfn[:2].lower() == "0x" else 10)


def _print(value: object) -> None:
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
    sys.stdout.buffer.flush()


def _list_rules(as_json: bool) -> None:
    """Every rule: what it says, what it needs, whose fault a finding may be."""
    rules = list(all_rules())
    if as_json:
        _print([asdict(rule) for rule in rules])
        return
    console = Console(highlight=False)
    for about, group in groupby(rules, key=lambda rule: rule.about):
        console.print(f"\n[bold underline]for {about} recording{'' if about == 'any' else 's'}[/]")
        for rule in group:
            console.print(f"[bold]{rule.name}[/]", soft_wrap=True)
            console.print(f"    {rule.sentence}", soft_wrap=True)
            of = f"; it is {', '.join(rule.of)}" if rule.of else ""
            console.print(f"    [dim]needs {rule.needs}; about {', '.join(rule.contracts)}{of}[/]", soft_wrap=True)
