from pathlib import Path
from random import Random

import pytest

from tests.fuzz.campaigns.killed import after_being_killed, held
from tests.fuzz.campaigns.scripts import written

pytestmark = pytest.mark.usefixtures("atheris")

_RAISES = "if len(data) > 1 and data[0] == data[1]: raise type('E%d' % (data[0] % 16), (Exception,), {})()"


@pytest.mark.parametrize("times", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_a_campaign_that_is_killed_over_and_over_loses_nothing_that_it_has_reported(tmp_path: Path, times: int) -> None:
    """Each time at another moment: as it starts up, as it fuzzes, as it writes."""
    written(tmp_path / "targets", "told", _RAISES)
    chance = Random(times)
    for _ in range(times):
        reported = after_being_killed(tmp_path, chance)
        has = held(tmp_path)
        for name in ("runs", "states", "seconds", "again"):
            assert has[name] >= reported[name], name
        for name in ("findings", "corpus"):
            assert set(has[name]) >= set(reported[name]), name
    assert has["runs"] > 100
    assert has["findings"]
    assert len(has["corpus"]) > 50


@pytest.mark.slow
def test_a_campaign_that_does_not_write_down_what_it_reports_is_seen_to_lose_it(tmp_path: Path) -> None:
    written(tmp_path / "targets", "told", _RAISES)
    after_being_killed(tmp_path, Random(1))
    fault = "from fuzz.campaigns.folder import Folder; Folder.save = lambda self: None\n"
    reported = after_being_killed(tmp_path, Random(5), fault)
    assert reported["seconds"] > held(tmp_path)["seconds"]
