"""Runs of machines that are no variant of the catalogue: a patch, its sizes, and its steps, written out."""

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from refmodel.language import Action
from refmodel.migration import AnyMachine
from refmodel.oracle.events import Event
from refmodel.oracle.observer import Observer
from refmodel.schedules.replay import Watch, first_broken

__all__ = ["END", "SMALL", "STOP", "Run", "Step", "sent"]

Step = str | tuple[Any, ...]
SMALL = {"pfn": 1, "vpn": 1, "cpu": 1, "word": 1, "value": 3}
STOP: tuple[Step, ...] = ("begin", "send_configuration", "pause", "final_harvest")
END: tuple[Step, ...] = (("send_registers", 0), "send_table", "commit", "acknowledge", "activate")


def sent(page: int = 0) -> tuple[Step, ...]:
    """One page of one word, while the source stands still."""
    return ("transfer_clear", page), ("transfer_read", 0), "transfer_done"


@frozen
class Run:
    """A run: what broke in it, what the guest noticed, and the events that a recorder would have seen."""

    broken: frozenset[str]
    noticed: tuple[str, ...]
    events: tuple[Event, ...]

    @classmethod
    def of(cls, spec: AnyMachine, steps: Sequence[Step], sizes: dict[str, int] = SMALL) -> "Run":
        """Take the steps one by one."""
        m = spec.start(sizes)
        watch, observer = Watch(spec, m), Observer(spec, m)
        broken, noticed = set[str](), list[str]()
        for number, step in enumerate(steps, 1):
            action = Action(step) if isinstance(step, str) else Action(step[0], step[1:])
            after = spec.take(m, action)
            broken |= {each.claim for each in first_broken(spec, list(spec.claims.values()), m, after, sizes, number)}
            if (what := watch.step(m, action, after)) is not None:
                noticed.append(what)
            observer.take(m, action, after)
            m = after
        observer.end(m)
        events = tuple(observer.recordings[-1]) if observer.recordings else ()
        return cls(frozenset(broken), tuple(noticed), events)
