"""Rules of the specification that no recording of Xen 4.17 can show: it protects at harvest, the seed at transfer."""

from refmodel.oracle.verdict import Unchecked

__all__ = ["NOT_OBSERVABLE"]

NOT_OBSERVABLE = (
    Unchecked(
        "R4, first half: a page is protected when it is transferred",
        "not observable here: Xen 4.17 protects at harvest, all pages at once, by dropping its shadows under a pause",
    ),
    Unchecked(
        "R7: a fault permits every mapping of its page until the page is transferred again",
        "not observable here: in Xen 4.17 a fault permits its own mapping, and until the next harvest",
    ),
)
"""Rules of the specification that no recording of this version of Xen can show."""
