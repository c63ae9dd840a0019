"""What a campaign is asked to be, and what it says of itself."""

from pathlib import Path

from attrs import frozen

__all__ = ["Plan", "Summary"]


@frozen
class Plan:
    """What to fuzz, for how long (``seconds``, or ``runs``, whichever comes first), and where to put things.

    What is left empty is as the campaign in the folder is, when it is resumed, and else the default.
    """

    folder: Path
    machine: str = ""
    """By default the variant's own, or the seed machine."""
    variant: str | None = None
    seconds: float = 60.0
    runs: int | None = None
    seed: int | None = None
    """By default 1."""
    feedback: str = ""
    """``state`` (the default), ``edges`` or ``both``: only of the target ``machine``."""
    judge: str = ""
    """``claims`` (the default) or ``guest``: only of the target ``machine``."""
    target: str = ""
    """By default ``machine``."""
    workers: int | None = None
    """The most processes that fuzz. By default one here, and as many as a cluster has threads there."""
    resume: bool = False
    """Go on from the campaign in the folder; where there is none yet, begin it."""
    keep_going: bool = False
    """Go on after a finding, and collect those that are not the same."""
    timeout: float = 60.0
    """Seconds after which an input is one that hangs, which is a finding."""

    @property
    def workers_here(self) -> int:
        """Processes of a campaign on this machine."""
        return self.workers or 1


@frozen
class Summary:
    """How a campaign stands, over all its sessions; ``states`` counts abstract states, up to collisions of hashes."""

    target: str
    machine: str
    variant: str | None
    seed: int
    workers: int = 1
    sessions: int = 1
    seconds: float = 0.0
    runs: int = 0
    runs_per_second: float = 0.0
    """Of this session."""
    states: int = 0
    """Of a target that feeds back none: 0."""
    features: int = 0
    """The most features that libFuzzer has told of one worker."""
    corpus: int = 0
    findings: tuple[Path, ...] = ()
    """All that the folder holds, those of this session last."""
    unwritten: tuple[str, ...] = ()
    """Findings that could not be written, as on a full disk: all that there is of them."""
    new: int = 0
    """How many of them are of this session."""
    rule: str | None = None
    """What the last finding breaks: a claim's name, ``noticed``, or what its target calls it."""
    again: int = 0
    """Findings that were the same as one before."""
    restarts: int = 0
    """Workers that ended and were replaced."""
    since_new: float = 0.0
    """Seconds of fuzzing since a state or a feature was met that was new."""
    warnings: tuple[str, ...] = ()

    @property
    def found(self) -> int:
        """How many findings there are."""
        return len(self.findings) + len(self.unwritten)

    @property
    def name(self) -> str:
        """What is fuzzed, for people."""
        on = self.machine + (f" ({self.variant})" if self.variant else "")
        return on if self.target == "machine" else f"{self.target}: {on}" if on else self.target
