from fuzz.feedback import abstract
from fuzz.mix import DEFAULT_SIZES
from refmodel.language import Action
from refmodel.seed import Seed
from refmodel.seed import SeedState as Machine
from tests.fuzz.drawn import inputs, runner


def _renamed(actions: list[Action], sort: str, size: int) -> list[Action]:
    """The same actions with the names of a sort reversed."""
    renamed = []
    for action in actions:
        pairs = zip(action.arguments, Seed().steps[action.step].parameters, strict=True)
        renamed.append(Action(action.step, tuple(size - 1 - v if s.name == sort else v for v, (_, s) in pairs)))
    return renamed


def test_states_that_differ_by_names_look_alike() -> None:
    runs = runner()
    for data in inputs(21, 20):
        course = runs.run(data)
        for sort in ("pfn", "vpn", "cpu", "word"):
            again = runs.follow(course.sizes, course.rounds, _renamed(course.actions, sort, DEFAULT_SIZES[sort]))
            if len(again.actions) == len(course.actions):
                assert abstract(again.state) == abstract(course.state)


def test_what_the_feedback_is_about_is_seen() -> None:
    runs = runner()
    seen: dict[tuple[int, ...], Machine] = {}
    for data in inputs(22, 200):
        runs.run(data, lambda m: seen.setdefault(abstract(m), m))
    assert len(seen) > 1000
    start = runs.parts(DEFAULT_SIZES).start
    owed = start.but(rounds=start.rounds.but(to_send=start.rounds.to_send.add(0)))
    dirty = start.but(log=start.log.but(dirty=start.log.dirty.add(0)))
    stale = start.but(cpus=start.cpus.but(writable=start.cpus.writable.add((1, 0))))
    stored = start.but(source=start.source.but(memory=start.source.memory.set((0, 0), 1)))
    assert len({abstract(m) for m in (start, owed, dirty, stale, stored)}) == 5
