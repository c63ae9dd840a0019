"""What a rule yields: findings, how often it was checked or why it was not, and notes."""

from attrs import frozen

from refmodel.oracle.verdict import Checked, Finding, Unchecked
from refmodel.oracle.xen.rules import RULES

__all__ = ["BLOCK", "Misfit", "Result", "checked", "finding", "unchecked"]

BLOCK = "ram"
"""The one RAM block of a PV guest, as events and findings name it."""


@frozen
class Misfit:
    """A file that cannot be used, or that does not belong to the others: nothing is accepted with it."""

    why: str


Result = Finding | Checked | Unchecked | Misfit | str
"""One thing that a rule has to say; a text is a note."""


def finding(rule: str, message: str, pfn: int | None = None) -> Finding:
    """A finding of `rule`; what else is known of the page is added by the judge."""
    contracts = tuple(contract.value for contract in RULES[rule].contracts)
    block = None if pfn is None else BLOCK
    return Finding(rule=rule, contracts=contracts, message=message, event=0, block=block, pfn=pfn)


def checked(rule: str, count: int) -> Checked:
    """`rule` was checked in `count` places."""
    return Checked(rule, count, RULES[rule].sentence, RULES[rule].of)


def unchecked(rule: str, why: str | None = None) -> Unchecked:
    """`rule` could not be checked: for `why`, or because what it needs is not there."""
    return Unchecked(rule, why or f"needs {RULES[rule].needs}")
