"""Whether a schedule does what its file says: the claim that breaks first, and what the guest notices first."""

from collections.abc import Sequence

from refmodel.schedules.replay import Moment
from refmodel.schedules.schedule import Schedule

__all__ = ["discrepancies"]


def discrepancies(schedule: Schedule, moments: Sequence[Moment]) -> list[str]:
    """What happened and is not said, or is said and did not happen; empty for a schedule that does what it says."""
    return [*_about_broken(schedule, moments), *_about_noticed(schedule, moments)]


def _about_broken(schedule: Schedule, moments: Sequence[Moment]) -> list[str]:
    said = schedule.broken
    first = next((moment for moment in moments if moment.broken), None)
    if first is None:
        return [f"no claim breaks; the file names {said.claim} after action {said.after}"] if said else []
    breaks = ", ".join(each.claim for each in first.broken)
    if said is None:
        return [f"{breaks} breaks after action {first.number}; the file names no broken claim"]
    if any(dict(each.at) == dict(said.at) and each.claim == said.claim for each in first.broken):
        if said.after == first.number:
            return []
        return [f"{said.claim} breaks after action {first.number}; the file says after {said.after}"]
    places = ", ".join(f"{each.claim} at {dict(each.at)}" for each in first.broken)
    return [f"{places} breaks first, after action {first.number}; the file names {said.claim} at {dict(said.at)}"]


def _about_noticed(schedule: Schedule, moments: Sequence[Moment]) -> list[str]:
    said = schedule.noticed
    first = next((moment for moment in moments if moment.noticed), None)
    if first is None:
        return [f"the guest notices nothing; the file says: {said.what}, after action {said.after}"] if said else []
    if said is None:
        return [f"the guest notices after action {first.number}: {first.noticed}; the file says that it does not"]
    if (said.what, said.after) != (first.noticed, first.number):
        return [
            f"the guest notices after action {first.number}: {first.noticed}; "
            f"the file says after {said.after}: {said.what}"
        ]
    return []
