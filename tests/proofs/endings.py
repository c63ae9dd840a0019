"""What is not proved of the end of a machine's migrations."""

from proofs.ending import Termination
from proofs.progress import Progress
from proofs.prove import prove_all
from refmodel.migration import AnyMachine

__all__ = ["unproved"]


def unproved(spec: AnyMachine) -> set[tuple[str, str]]:
    """Steps and claims."""
    report = prove_all(spec, chapters=(Termination(spec), Progress(spec)))
    return {(record.step, record.claim) for _, record in report.not_proved}
