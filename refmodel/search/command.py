"""The command ``search``."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console

from refmodel.language import Sizes
from refmodel.machines import own_machine
from refmodel.schedules.schedule import load, save
from refmodel.search.again import again
from refmodel.search.find import GROWING, MAX_STATES, Found, find
from refmodel.search.report import as_json, show, watched
from refmodel.search.seed_space import ROUNDS, SIZES
from refmodel.unusable import Unusable
from refmodel.variants import VARIANTS

__all__ = ["search"]

_SIZE = click.IntRange(1, 8)


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--machine", "machine_name", metavar="NAME", help="The machine; else the variant's own, or seed.")
@click.option("--variant", metavar="NAME", help="One of its variants, wrong or sound.")
@click.option("--all-variants", is_flag=True, help="Every variant, one after the other.")
@click.option("--pages", type=_SIZE, help="Page frames. Without sizes: small machines, smallest first.")
@click.option("--vpages", type=_SIZE, help="Virtual pages.")
@click.option("--cpus", type=_SIZE, help="vCPUs.")
@click.option("--words", type=_SIZE, help="Words a page.")
@click.option("--values", type=_SIZE, help="Values a word.")
@click.option(
    "--rounds", type=click.IntRange(0, 60), help=f"Rounds after the first; else the variant's own, or {ROUNDS}."
)
@click.option("--max-states", type=click.IntRange(1), default=MAX_STATES, show_default=True, help="Most states kept.")
@click.option("--no-symmetry", is_flag=True, help="Tell apart states that differ by names of pages and CPUs only.")
@click.option("--save", "path", metavar="FILE|DIR", type=click.Path(path_type=Path), help="Write schedules found.")
@click.option("--json", "json_wanted", is_flag=True, help="Print the results as JSON, and nothing else.")
def search(
    file: Path | None,
    machine_name: str | None,
    variant: str | None,
    all_variants: bool,
    pages: int | None,
    vpages: int | None,
    cpus: int | None,
    words: int | None,
    values: int | None,
    rounds: int | None,
    max_states: int,
    no_symmetry: bool,
    path: Path | None,
    json_wanted: bool,
) -> None:
    """Search for the shortest schedule that breaks a claim, breadth first.

    With a FILE, a schedule such as `refmodel fuzz` writes of a finding, for the shortest that breaks the same claim, in
    the machine, the sizes and the rounds that it names.

    Exit status: 0 nothing found, 1 a claim breaks, 2 the arguments cannot be used.
    """
    if all_variants and variant:
        raise click.UsageError("--variant and --all-variants exclude each other")
    given = {"pfn": pages, "vpn": vpages, "cpu": cpus, "word": words, "value": values}
    sizes = _machines(given)
    if file and (machine_name or variant or all_variants or sizes or rounds is not None):
        raise click.UsageError(
            "FILE names the machine, the variant, the sizes and the rounds: they cannot be given too"
        )
    console = Console(highlight=False)
    results = []
    for name in VARIANTS if all_variants else (variant,):
        known = VARIANTS.get(name or "")
        on = machine_name or own_machine(name)
        growing = sizes or (known.growing if known else ()) or GROWING
        more = rounds if rounds is not None else known.rounds if known else ROUNDS
        try:
            with watched(str(file or name or on)) as progress:
                bounds: dict[str, Any] = {"max_states": max_states, "symmetry": not no_symmetry, "progress": progress}
                found = again(load(file), **bounds) if file else find(on, name, growing, more, **bounds)
        except Unusable as unusable:
            where = f"{file}: " if file and str(file) not in str(unusable) else ""
            raise click.UsageError(f"{where}{unusable}") from None
        results.append(found)
        if not json_wanted:
            show(console, found, picture=not all_variants)
        if path:
            _save(found, path, all_variants)
    if json_wanted:
        listed = [as_json(found) for found in results]
        click.echo(orjson.dumps(listed if all_variants else listed[0], option=orjson.OPT_INDENT_2))
    sys.exit(1 if any(found.schedule is not None for found in results) else 0)


def _machines(given: dict[str, int | None]) -> Sequence[Sizes]:
    """The machine of the sizes that were asked for; none where none was."""
    asked = {sort: size for sort, size in given.items() if size is not None}
    return [{**SIZES, **asked}] if asked else []


def _save(found: Found, path: Path, many: bool) -> None:
    """Write the schedule, if there is one, to the file, or into the directory under its variant's name."""
    if found.schedule is None:
        return
    try:
        if many:
            path.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            path /= f"{found.variant or found.machine}.json"
        save(found.schedule, path)
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror or error}") from None
