"""For every path of every step, a schedule from the initial state that ends by taking it.

    python -m tests.lifting.make_every_path

writes ``tests/schedules/every_path/STEP.N.json`` anew, the same each time. A path that no schedule takes would make
whatever is proved about it empty, so the program fails if one is missing. Random walks meet every path; what a walk did
on the way is then dropped, action by action, as long as the rest can still be taken and still ends on the path. Of
several finds the shortest is kept. Run it after a change to the specification that ``test_every_path`` complains about.
"""

from collections.abc import Iterator
from pathlib import Path
from random import Random

from proofs.lifting.differential import Lifted
from refmodel.language import Action
from refmodel.schedules.schedule import Schedule, save
from refmodel.seed import Seed
from refmodel.seed import SeedState as Machine
from tests.lifting.random_walks import RandomWalks

__all__ = ["FOLDER", "Paths", "main"]

FOLDER = Path(__file__).parent.parent / "schedules" / "every_path"
SIZES = {"pfn": 2, "vpn": 2, "cpu": 2, "word": 2, "value": 2}
"""Two of each: one that a step is about, and one that it is not."""
ROUNDS = 2
_WALKS = 400
"""Enough for every path to be met several times."""
_SHRUNK = 6
"""Finds of each path that are shrunk; more make few schedules shorter."""


class Paths:
    """Which path an action takes, by the conditions that the lifting found, evaluated."""

    def __init__(self) -> None:
        self.lifted = Lifted(Seed())
        self.walks = RandomWalks(self.lifted.spec, Random(1))
        self.names = self.lifted.paths

    def taken(self, m: Machine, action: Action) -> str:
        """The path's name; nothing if the action is refused."""
        return self.lifted.of_action(SIZES, m, action)[1]

    def end(self, schedule: Schedule) -> str:
        """The path that the schedule's last action takes; nothing if any action is refused."""
        state: Machine | None = schedule.start()
        for action in schedule.actions[:-1]:
            state = self.walks.taken(state, action) if state else None
        return self.taken(state, schedule.actions[-1]) if state else ""


def _schedule(actions: list[Action]) -> Schedule:
    return Schedule("seed", None, SIZES, ROUNDS, tuple(actions))


def _shrunk(paths: Paths, actions: list[Action], path: str) -> list[Action]:
    """The actions without any that can be dropped, the longest stretches first."""
    stretch = len(actions)
    while stretch:
        at = len(actions) - 1 - stretch
        while at >= 0:
            fewer = actions[:at] + actions[at + stretch :]
            if fewer and paths.end(_schedule(fewer)) == path:
                actions = fewer
            at -= 1
        stretch = min(stretch // 2, len(actions) - 1)
    return actions


def _found(paths: Paths) -> Iterator[tuple[str, list[Action]]]:
    """Every path that a walk takes, with the walk up to there."""
    for _ in range(_WALKS):
        walked: list[Action] = []
        met = set()
        for state, action in paths.walks.walk(SIZES, _schedule([]).start()):
            walked.append(action)
            path = paths.taken(state, action)
            if path not in met:
                met.add(path)
                yield path, list(walked)


def main() -> None:
    """Write the schedules anew."""
    paths = Paths()
    finds: dict[str, list[list[Action]]] = {name: [] for name in paths.names}
    for path, actions in _found(paths):
        finds[path].append(actions)
    if missing := [name for name, found in finds.items() if not found]:
        raise SystemExit(f"no walk takes {', '.join(missing)}: can any run?")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for stale in FOLDER.glob("*.json"):
        stale.unlink()
    for path, found in finds.items():
        shortest = min((_shrunk(paths, actions, path) for actions in sorted(found, key=len)[:_SHRUNK]), key=len)
        save(_schedule(shortest), FOLDER / f"{path.replace('/', '.')}.json")


if __name__ == "__main__":
    main()
