"""``python -m fuzz.ladder``: measure what has not been measured yet, and print the table."""

import datetime
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.markdown import Markdown

from fuzz.engine import needs_atheris
from fuzz.guidance import ALONE
from fuzz.ladder.engines import ENGINES
from fuzz.ladder.measure import Measured, Rung, append, known, measured, read
from fuzz.ladder.page import write
from fuzz.ladder.rungs import ABLATED, BY_ONE, DEFAULT
from fuzz.ladder.table import markdown
from fuzz.mutations import MUTATIONS
from refmodel.machines import variant_named
from refmodel.unusable import Unusable
from refmodel.variants import VARIANTS

__all__ = ["ladder"]

_WITHOUT = (*MUTATIONS, "bytes", "splice", "mutations", "resume", "end", "fresh")


@click.command()
@click.option("--all", "everything", is_flag=True, help="Every wrong variant of the catalogue, not 20 of them.")
@click.option("--variant", "variants", multiple=True, help="This variant; may be given more than once.")
@click.option("--engine", "engines", multiple=True, type=click.Choice(list(ENGINES)), help="This engine (all).")
@click.option("--seconds", type=click.FloatRange(0.1), default=20.0, show_default=True, help="CPU seconds for each.")
@click.option("--seeds", type=click.IntRange(1, 100), default=5, show_default=True, help="How many seeds.")
@click.option("--judge", type=click.Choice(["guest", "claims"]), default="guest", show_default=True)
@click.option("--ablation", is_flag=True, help="This fuzzer without each of its mutations.")
@click.option("--by-one", is_flag=True, help="Each mutation by itself beside libFuzzer's own, without rare states.")
@click.option(
    "--results",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("build/fuzz-ladder.jsonl"),
    show_default=True,
    help="Where measurements are kept: what is there is not measured again.",
)
@click.option("--write", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write the table there.")
@click.option("--section", help="The table's place on that page.  [default: by judge]")
@click.option("--no-measuring", is_flag=True, help="Only show what has been measured.")
def ladder(
    everything: bool,
    variants: Sequence[str],
    engines: Sequence[str],
    seconds: float,
    seeds: int,
    judge: str,
    ablation: bool,
    by_one: bool,
    results: Path,
    page: Path | None,
    section: str | None,
    no_measuring: bool,
) -> None:
    """Steps and CPU seconds to the finding, of wrong variants by five engines, with the same decoder and mix."""
    for name in variants:
        variant_named(name)
    wrong = [v.name for v in VARIANTS.values() if not v.sound]
    chosen = list(variants) or (wrong if everything else list(ABLATED if ablation else BY_ONE if by_one else DEFAULT))
    if ablation:
        columns = [("fuzzer", without, "") for without in ("", *_WITHOUT)]
    elif by_one:
        columns = [("fuzzer", "", alone) for alone in ALONE]
    else:
        columns = [(engine, "", "") for engine in engines or ENGINES]
    rungs = [
        Rung(variant, engine, seed, judge, seconds, without, alone)
        for seed in range(1, seeds + 1)
        for variant in chosen
        for engine, without, alone in columns
    ]
    done = {result.rung: result for result in read(results)}
    if not no_measuring:
        needs_atheris()
        for result in _missing(rungs, done):
            append(results, result)
            done[result.rung] = result
    have = [answer for rung in rungs if (answer := known(done, rung))]
    rows = list(markdown(have, chosen, list(dict.fromkeys(rung.column for rung in rungs))))
    Console().print(Markdown("\n".join(rows)))
    if page is not None:
        command = "python -m fuzz.ladder " + " ".join(a for a in sys.argv[1:] if not a.startswith("--no-measuring"))
        place = section or ("ablation" if ablation else "by-one" if by_one else f"ladder-{judge}")
        write(page, place, command, datetime.datetime.now(datetime.UTC).date(), len(have), len(rungs), rows)


def _missing(rungs: Sequence[Rung], done: dict[Rung, Measured]) -> Iterator[Measured]:
    left = [rung for rung in rungs if known(done, rung) is None]
    for number, rung in enumerate(left, 1):
        result = measured(rung)
        what = f"{rung.variant} by {rung.column}"
        how = result.rule or "missed"
        line = f"{number}/{len(left)} {what}, seed {rung.seed}: {how}, {result.steps:,} steps, {result.seconds:.1f} s"
        click.echo(line, err=True)
        yield result


if __name__ == "__main__":
    try:
        ladder()
    except Unusable as error:
        sys.stderr.write(f"refmodel: {error}\n")
        sys.exit(2)
