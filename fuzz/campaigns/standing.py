"""How a campaign stands, from what its folder holds."""

from fuzz.campaigns.folder import Folder
from fuzz.campaigns.plan import Summary

__all__ = ["summary_of"]


def summary_of(folder: Folder, workers: int, new: int, runs_per_second: float) -> Summary:
    """``new`` findings are of this session, as is the speed; all else is of the whole campaign."""
    identity, counts = folder.identity, folder.statistics
    findings = tuple(folder.findings.paths.values())
    waiting = folder.findings.unwritten.values()
    rules = [*(folder.findings.rules[path] for path in findings), *(found.rule for found in waiting)]
    return Summary(
        target=identity.target,
        machine=identity.machine,
        variant=identity.variant,
        seed=identity.seed,
        workers=workers,
        sessions=counts.sessions,
        seconds=counts.seconds,
        runs=counts.runs,
        runs_per_second=runs_per_second,
        states=counts.states,
        features=counts.features,
        corpus=len(folder.names),
        findings=findings,
        unwritten=tuple(found.text for found in waiting),
        new=new,
        rule=rules[-1] if rules else None,
        again=counts.again,
        restarts=counts.restarts,
        since_new=counts.seconds - counts.last_new,
        warnings=tuple(f"{what} ({many} times)" if many > 1 else what for what, many in folder.warnings.items()),
    )
