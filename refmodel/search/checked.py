"""What the search says of machines and variants, for ``refmodel check``: the wrong ones break, all else does not."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from os import cpu_count

from attrs import frozen

from refmodel.catalogue.classes import CLASSES
from refmodel.language import Sizes
from refmodel.machines import MACHINES
from refmodel.rows import Row
from refmodel.search.complete import complete
from refmodel.search.explore import Outcome
from refmodel.search.find import GROWING, MAX_STATES, search
from refmodel.variants import VARIANTS, sample

__all__ = ["checked"]

_WHOLE = GROWING[:1]
"""The machine that a sound one is searched in, whole: the others take ten seconds and more each."""
_MOST = 20_000
"""States of a named machine of many parts: ten seconds. ``refmodel search --machine NAME`` goes on."""
_FEW_GUEST_STEPS = 2
"""After the broken claim, in this quick look at what the guest notices; ``refmodel search`` goes further."""


@frozen
class _Searched:
    """What one machine or variant came to: after how many steps a claim breaks, and when the guest notices."""

    states: int
    outcome: Outcome
    seconds: float
    broken: int | None = None
    noticed: int | None = None


def checked(jobs: int | None = None) -> Iterator[Row]:
    """A row for each named machine and for the sound variants, in small sizes, whole; one for each class of wrong ones.

    On all CPUs, or so many.
    """
    with ProcessPoolExecutor(jobs or cpu_count(), mp_context=get_context("spawn")) as pool:
        looked_at = {variant.name for variant in sample()}
        machines, variants = list(MACHINES), [name for name in VARIANTS if name in looked_at]
        found = zip(machines, pool.map(_machine, machines), strict=True)
        of_variants = dict(zip(variants, pool.map(_variant, variants), strict=True))
        for name, searched in found:
            yield _accepted(f"{name}, small sizes", [searched], [name])
    sound = [name for name in variants if VARIANTS[name].sound]
    yield _accepted("sound variants", [of_variants[name] for name in sound], sound)
    for number, known in CLASSES.items():
        wrong = [name for name in variants if VARIANTS[name].catalogue == number and not VARIANTS[name].sound]
        if wrong:
            yield _refuted(f"{number} {known.title}", wrong, [of_variants[name] for name in wrong])


def _machine(name: str) -> _Searched:
    return _searched(name, None, _WHOLE, 1, MAX_STATES if name == "seed" else _MOST)


def _variant(name: str) -> _Searched:
    variant = VARIANTS[name]
    growing = variant.growing or GROWING
    return _searched(variant.machine, name, growing[: len(_WHOLE)] if variant.sound else growing, variant.rounds)


def _searched(
    machine: str, variant: str | None, growing: Sequence[Sizes], rounds: int, most: int = MAX_STATES
) -> _Searched:
    """Machines of growing sizes, until one breaks, or is too large."""
    began, states = time.perf_counter(), 0
    for sizes in growing:
        found = search(machine, variant, sizes, rounds, max_states=most)
        states += found.explored.states
        broken, noticed = None, None
        if found.schedule and found.schedule.broken:
            seen = complete(found.schedule, _FEW_GUEST_STEPS).schedule.noticed
            broken, noticed = found.schedule.broken.after, seen.after if seen else None
        if found.explored.outcome is not Outcome.EXHAUSTED:
            break
    return _Searched(states, found.explored.outcome, time.perf_counter() - began, broken, noticed)


def _accepted(what: str, searched: Sequence[_Searched], names: Sequence[str]) -> Row:
    """Nothing breaks, and all was searched; of a named machine of many parts, as much as was to be."""
    wrong = [
        name
        for name, each in zip(names, searched, strict=True)
        if each.outcome is not Outcome.EXHAUSTED and (each.outcome is not Outcome.BOUNDED or each.states < _MOST)
    ]
    states = sum(each.states for each in searched)
    result = f"nothing found in {states:,} states" if not wrong else f"not whole, or broken: {', '.join(wrong)}"
    return Row("search", what, result, not wrong, sum(each.seconds for each in searched))


def _refuted(what: str, names: Sequence[str], searched: Sequence[_Searched]) -> Row:
    """Each breaks, or says why the search does not come to it."""
    seconds = sum(each.seconds for each in searched)
    missed = [
        name
        for name, each in zip(names, searched, strict=True)
        if each.outcome is not Outcome.BROKEN and not VARIANTS[name].unreached
    ]
    if missed:
        return Row("search", what, f"not found: {', '.join(missed)}", False, seconds)
    broken = [each.broken for each in searched if each.broken]
    noticed = [each.noticed for each in searched if each.noticed]
    said = [f"{len(broken)} broken after {_span(broken)} steps"] if broken else []
    said += [f"{len(noticed)} noticed after {_span(noticed)}"] if noticed else []
    said += [f"{len(names) - len(broken)} not reached"] if len(broken) < len(names) else []
    return Row("search", what, ", ".join(said), True, seconds)


def _span(numbers: Sequence[int]) -> str:
    first, last = min(numbers), max(numbers)
    return str(first) if first == last else f"{first} to {last}"
