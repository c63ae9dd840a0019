"""What the promise's judge and a format's own rules found, before it is made a verdict."""

from attrs import frozen

from refmodel.oracle.judge import Judge
from refmodel.oracle.verdict import Checked, Finding, Unchecked

__all__ = ["Evidence"]


@frozen
class Evidence:
    """The judge after all events, and what the rules over a format's companions add."""

    judge: Judge
    findings: tuple[Finding, ...] = ()
    checked: tuple[Checked, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    notes: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    """The story of the page that was asked for, where the format tells it better than the judge."""
