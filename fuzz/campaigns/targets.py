"""The targets that there are: the files of ``fuzz/targets``, by name."""

from difflib import get_close_matches
from pathlib import Path

from fuzz.mutate import seeds
from fuzz.readers.table import TARGETS as READERS
from refmodel.unusable import Unusable

__all__ = ["FOLDER", "first_inputs", "is_of_machines", "names", "path_of"]

FOLDER = Path(__file__).parents[1] / "targets"


def names() -> list[str]:
    """Every target's name."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))


def path_of(name: str) -> Path:
    """The target's file; Unusable for a name of none, and the nearest is named."""
    known = names()
    if name not in known:
        near = get_close_matches(name, known, 1)
        raise Unusable("target", f"no target {name!r}", f"{near[0]!r}" if near else f"one of {', '.join(known)}")
    return FOLDER / f"{name}.py"


def is_of_machines(name: str) -> bool:
    """Whether a target asks something of a machine and a variant: all but the readers' do."""
    return name not in READERS


def first_inputs(name: str, seed: int) -> list[bytes]:
    """What a corpus begins with; the other targets make their own, and write them where a worker's folder is empty."""
    return seeds(seed) if name == "machine" else []
