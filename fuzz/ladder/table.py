"""The ladder as a table: medians over the seeds, misses censored at the budget and counted, geometric means below."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import exp, log
from statistics import median

from attrs import frozen

from fuzz.ladder.engines import ENGINES
from fuzz.ladder.luck import between
from fuzz.ladder.measure import Measured

__all__ = ["Cell", "cells", "markdown", "mean", "ratio"]

_SOON = 5.0


@frozen
class Cell:
    """A variant by an engine. A miss counts with all the steps and seconds that its budget went on: a lower bound."""

    each: tuple[int, ...]
    """The steps of each seed."""
    seconds: float
    found: int
    soon: int

    @property
    def steps(self) -> float:
        return median(self.each)

    @property
    def seeds(self) -> int:
        return len(self.each)

    @property
    def text(self) -> str:
        missed = f" ({self.found}/{self.seeds})" if self.found < self.seeds else ""
        bound = ">" if self.found * 2 <= self.seeds else ""
        return f"{bound}{self.steps:,.0f} / {self.seconds:.1f} s{missed}"


Cells = Mapping[tuple[str, str], Cell]


def cells(results: Iterable[Measured]) -> Cells:
    """By variant and engine."""
    grouped: dict[tuple[str, str], list[Measured]] = {}
    for result in results:
        grouped.setdefault((result.rung.variant, result.rung.column), []).append(result)
    return {
        key: Cell(
            tuple(r.steps for r in group),
            median(r.seconds for r in group),
            sum(r.rule is not None for r in group),
            sum(r.rule is not None and r.seconds <= _SOON for r in group),
        )
        for key, group in grouped.items()
    }


def mean(found: Cells, engine: str, variants: Sequence[str]) -> float:
    """The geometric mean of the steps."""
    return exp(sum(log(max(1.0, found[v, engine].steps)) for v in variants) / len(variants))


def ratio(found: Cells, engine: str, base: str, variants: Sequence[str]) -> float:
    """How many times as many steps as the base's, in the geometric mean."""
    return mean(found, engine, variants) / mean(found, base, variants)


def markdown(results: Sequence[Measured], variants: Sequence[str], engines: Sequence[str]) -> Iterator[str]:
    """A row a variant that every engine has been measured on, then the means."""
    found = cells(results)
    whole = [v for v in variants if all((v, e) in found for e in engines)]
    base, *others = engines
    yield "| variant | " + " | ".join(title_of(engine) for engine in engines) + " |"
    yield "| --- |" + " --- |" * len(engines)
    for variant in whole:
        yield f"| `{variant}` | " + " | ".join(found[variant, engine].text for engine in engines) + " |"
    if not whole:
        return
    means = [f"{mean(found, engine, whole):,.0f}" for engine in engines]
    yield "| **geometric mean of steps** | " + " | ".join(f"**{m}**" for m in means) + " |"
    times = ["1", *(f"{ratio(found, other, base, whole):.2f}" for other in others)]
    yield "| **times as many as the first** | " + " | ".join(f"**{t}**" for t in times) + " |"
    steps = {key: cell.each for key, cell in found.items()}
    within = ["", *(between(steps, other, base, whole) for other in others)]
    yield "| nine in ten, were the seeds drawn again | " + " | ".join(within) + " |"
    misses = [sum(found[v, e].seeds - found[v, e].found for v in whole) for e in engines]
    yield "| **misses** | " + " | ".join(f"**{m}**" for m in misses) + " |"
    of = [sum(found[v, e].seeds for v in whole) for e in engines]
    soon = [sum(found[v, e].soon for v in whole) for e in engines]
    yield (
        f"| **found within {_SOON:.0f} s** | "
        + " | ".join(f"**{s} of {n}**" for s, n in zip(soon, of, strict=True))
        + " |"
    )


def title_of(engine: str) -> str:
    """What an engine is called in the table."""
    name, how, what = engine.partition(" with")
    return f"with{what.replace(' ', ' `', 1)}`" if how else ENGINES[name].title
