"""Schedules that are written out, of wrong variants whose harm comes too late for a search to get there."""

from importlib.resources import files

from refmodel.schedules.schedule import Schedule, loads

__all__ = ["written"]


def written(variant: str | None) -> Schedule | None:
    """The variant's schedule, which the guest or the oracle notices; None where the search's own does."""
    path = files("refmodel.variants") / "written" / f"{variant}.json"
    return loads(path.read_bytes(), path.name) if path.is_file() else None
