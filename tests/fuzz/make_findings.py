"""Writes the stored findings anew: ``python -m tests.fuzz.make_findings``.

Of wrong variants of the seed machine, and of one of each other machine, what a random walk finds first, shrunk: by a
broken claim, and of some by what the guest notices alone. The same every time.
"""

from pathlib import Path

from fuzz.findings import keep
from fuzz.shrink import shrink
from refmodel.variants import VARIANTS
from tests.fuzz.drawn import EACH, runner, walked

FOLDER = Path(__file__).parent.parent / "schedules" / "findings"
BY_CLAIM = [
    *("clear-after-read", "cpu-keeps-root", "fill-writable", "flush-by-guest-table", "flush-one-cpu"),
    *("harvest-skipped", "mark-dropped", "no-final-harvest", "no-flush", "resume-after-ack", "resync-grants"),
    *("swap-after-protect", *(name for name in EACH if VARIANTS[name].machine != "bare")),
]
BY_THE_GUEST = [
    "clear-after-read",
    "flush-one-cpu",
    "mark-dropped",
    "no-final-harvest",
    "no-flush",
    "swap-after-protect",
]


def make() -> None:
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for names, claims in ((BY_CLAIM, True), (BY_THE_GUEST, False)):
        for name in names:
            runs = runner(name, claims)
            finding = walked(runs, 1, 3000)
            assert finding is not None, f"{name} was not found"
            print(keep(shrink(runs, finding), VARIANTS[name].machine, name, FOLDER))


if __name__ == "__main__":
    make()
