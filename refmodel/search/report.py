"""What a search found, for people and for programs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from rich.console import Console

from refmodel.schedules.narrate import narrate
from refmodel.schedules.replay import replay
from refmodel.schedules.schedule import dumps
from refmodel.search.explore import Outcome, Progress
from refmodel.search.find import Found

__all__ = ["as_json", "show", "watched"]

_OUTCOMES = {
    Outcome.EXHAUSTED: "nothing found: every state checked",
    Outcome.BOUNDED: "nothing found up to the bound on states; what lies beyond was not searched",
}


def as_json(found: Found) -> dict[str, Any]:
    """The result as JSON values; ``schedule`` is a schedule file's own content, or null."""
    explored = found.explored
    return {
        "machine": found.machine,
        "variant": found.variant,
        "sizes": dict(found.sizes),
        "rounds": found.rounds,
        "outcome": explored.outcome.value,
        "states": explored.states,
        "transitions": explored.transitions,
        "depth": explored.depth,
        "seconds": round(explored.seconds, 3),
        "schedule": found.schedule and orjson.loads(dumps(found.schedule)),
        "how": found.how,
        "shortest": found.shortest,
    }


def show(console: Console, found: Found, *, picture: bool = True) -> None:
    """The counterexample as a picture first, then a line that says what was searched and how it ended."""
    explored, schedule = found.explored, found.schedule
    name = f"{found.machine} / {found.variant}" if found.variant else found.machine
    if schedule is None:
        outcome = _OUTCOMES[explored.outcome]
    else:
        if picture:
            console.print(narrate(schedule, list(replay(schedule))))
        broken = schedule.broken
        outcome = f"broken after {broken.after} actions: {broken.claim.replace('_', ' ')}" if broken else "noticed"
    effort = (
        f"{explored.states:,} states, {explored.transitions:,} transitions, "
        f"depth {explored.depth}, {explored.seconds:.1f} s"
    )
    sizes = ", ".join(f"{count} {sort}" for sort, count in found.sizes.items())
    console.print(f"{name}: {outcome}")
    if found.how:
        console.print(f"  {found.how}")
    if found.shortest:
        console.print(f"  the shortest schedule to a broken claim has {found.shortest} actions")
    console.print(f"  {sizes}, {found.rounds} more round{'' if found.rounds == 1 else 's'}: {effort}")


@contextmanager
def watched(name: str) -> Iterator[Progress]:
    """Live progress on standard error; nothing where nobody watches."""
    console = Console(stderr=True)
    with console.status(f"searching {name}") as status:

        def tell(states: int, transitions: int, depth: int) -> None:
            status.update(f"searching {name}: {states:,} states, {transitions:,} transitions, depth {depth}")

        yield tell
