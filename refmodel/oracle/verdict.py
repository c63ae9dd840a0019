"""Verdicts: what was found, what was checked, what was not. Format version 1, as JSON for machines."""

from typing import Any, Literal

from attrs import asdict, frozen

__all__ = ["AskedPage", "Checked", "Finding", "LastRecord", "Unchecked", "Verdict"]

VERSION = 1
"""Raised when an old reader would misread a new verdict (docs/compatibility.md)."""


@frozen
class LastRecord:
    """The page's last record: where it stands, how it was sent, and the digest of what it carried."""

    offset: int | None
    kind: str
    digest: str
    after_pause: bool


@frozen
class Finding:
    """A violation of one rule at one place, and every contract that the evidence leaves possible."""

    rule: str
    contracts: tuple[str, ...]
    message: str
    event: int
    """The number of the event at which it was seen, counted from 1."""
    block: str | None = None
    pfn: int | None = None
    last_record: LastRecord | None = None
    source: str | None = None
    """The digest of what the source had, where known."""
    target: str | None = None
    """The digest of what the target held, where known."""
    classes: tuple[str, ...] = ()
    """The classes of the catalogue that it looks like, e.g. M07."""
    story: tuple[str, ...] = ()
    """A line for every event that touched the page; with a time in ms since the migration began, where it is known."""


@frozen
class AskedPage:
    """The page that was asked for (``--page``), whatever is found of it."""

    block: str
    pfn: int
    last_record: LastRecord | None
    source: str | None
    target: str | None
    story: tuple[str, ...]


@frozen
class Checked:
    """A rule that was checked, and in how many places."""

    rule: str
    count: int
    what: str
    of: tuple[str, ...] = ()
    """The rules (R1 to R12) and invariants (I-...) of the specification that it is, where it is one by itself."""


@frozen
class Unchecked:
    """A rule that could not be checked, and why."""

    rule: str
    why: str


@frozen
class Verdict:
    """accepted: everything needed was compared and nothing found; violation: something was found."""

    verdict: Literal["accepted", "violation", "unusable"]
    findings: tuple[Finding, ...] = ()
    checked: tuple[Checked, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    reason: str | None = None
    """Why the input is unusable."""
    notes: tuple[str, ...] = ()
    explanations: tuple[dict[str, Any], ...] = ()
    """With ``--explain``: what explains the pages, each with its witness as a schedule."""
    asked: AskedPage | None = None

    @property
    def status(self) -> int:
        """The exit status: 0 accepted, 1 violation, 2 unusable."""
        return {"accepted": 0, "violation": 1, "unusable": 2}[self.verdict]

    def as_json(self) -> dict[str, Any]:
        """The verdict as JSON values; fields that are unknown are left out of findings."""
        fields = asdict(self)
        fields["findings"] = [{k: v for k, v in f.items() if v is not None} for f in fields["findings"]]
        return {"format": "refmodel-verdict", "version": VERSION, **fields}
