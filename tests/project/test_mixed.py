"""The schedules that ``make bench`` times are those that it says: enabled steps, near the published mix."""

from collections import Counter

import pytest

from refmodel.machines import MACHINES, machine
from refmodel.state import Phase
from tests.bench import yardstick
from tests.mixed import SIZES, mixed, steps_a_second

MIN = 40_000 / 1_900_000
"""Steps a second over the yardstick's: 40,000 where the yardstick has what it has on an idle machine."""

LEAST = {
    # Its tables are in memory, with as many entries as a page has words: most virtual pages are mapped nowhere.
    "xen-2005": 0.02,
    # A store waits where the vCPU's ring is full, until it has been reaped and reset.
    "kvm-qemu-ring": 0.1,
}
"""The least share of stores, where the mix cannot be had."""


@pytest.mark.parametrize("name", MACHINES)
def test_any_machine_is_driven_near_the_published_mix(name: str) -> None:
    spec = machine(name)
    schedules = mixed(spec, 1_000)
    assert schedules.start.source.memory.shape == (SIZES["pfn"], SIZES["word"])
    counts = Counter(action.step for run in schedules.runs for action in run)
    assert LEAST.get(name, 0.4) < counts["guest_store"] / schedules.length < 0.6
    assert counts["write_fault"] > 5
    assert counts["transfer_read"] > 5
    m = schedules.start
    for action in schedules.runs[0]:
        m = spec.take(m, action)
        assert m.phase == Phase.LIVE


@pytest.mark.slow
@pytest.mark.parametrize("name", MACHINES)
def test_every_named_machine_is_fast_enough(name: str) -> None:
    spec = machine(name)
    before = yardstick()
    figure = steps_a_second(spec, mixed(spec, 20_000))
    assert figure / max(before, yardstick()) > MIN
