"""No path is empty: a stored schedule from the initial state takes each, so what is proved of it is about something.

When the specification changes, ``python -m tests.lifting.make_every_path`` stores them anew.
"""

import pytest

from refmodel.schedules.schedule import load
from tests.lifting.make_every_path import FOLDER, Paths

PATHS = Paths()


@pytest.mark.parametrize("path", PATHS.names)
def test_a_stored_schedule_takes_the_path(path: str) -> None:
    schedule = load(FOLDER / f"{path.replace('/', '.')}.json")
    assert (schedule.machine, schedule.variant, schedule.broken, schedule.noticed) == ("seed", None, None, None)
    assert PATHS.end(schedule) == path


def test_there_is_one_schedule_for_each_path_and_no_other() -> None:
    stored = sorted(file.name for file in FOLDER.iterdir())
    assert stored == sorted(f"{path.replace('/', '.')}.json" for path in PATHS.names)


def test_a_schedule_that_is_refused_on_its_way_takes_no_path() -> None:
    schedule = load(FOLDER / "transfer_mark.1.json")
    short_of_one = type(schedule)("seed", None, schedule.sizes, schedule.rounds, schedule.actions[1:])
    assert PATHS.end(short_of_one) == ""
