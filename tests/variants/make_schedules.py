"""Writes the stored schedules: ``python -m tests.variants.make_schedules [NAME ...]``.

For each wrong variant the first counterexample in machines of growing sizes, completed to what the guest notices. The
same every time.
"""

import sys
from pathlib import Path

from refmodel.schedules.schedule import save
from refmodel.search.find import find
from refmodel.variants import VARIANTS

STORED = Path(__file__).parents[1] / "schedules" / "variants"
WRONG = [variant.name for variant in VARIANTS.values() if not variant.sound]


def make(name: str, folder: Path) -> Path:
    """Search for the variant's counterexample, and write it."""
    found = find("seed", name)
    assert found.schedule is not None, f"{name} was not found"
    save(found.schedule, folder / f"{name}.json")
    return folder / f"{name}.json"


if __name__ == "__main__":
    for each in sys.argv[1:] or WRONG:
        print(make(each, STORED))
