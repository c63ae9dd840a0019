"""A specification with one wrong step is refuted, by the obligation that one would expect."""

import pytest

from proofs.ending import CLOSER, NOT_PUT_OFF, STAYS_ENDED
from proofs.progress import NEVER_STUCK
from proofs.prove import prove_all
from proofs.refining import ALLOWED
from proofs.solve import Verdict
from refmodel.seed import Seed
from refmodel.variants import VARIANTS
from tests.proofs import broken


@pytest.mark.parametrize(
    ("spec", "step", "claim"),
    [
        (broken.ReadsBeforeFlush(), "transfer_mark", "a_tlb_lets_stores_pass_unseen_only_where_the_log_permits"),
        (broken.OwesAgain(), "transfer_done", CLOSER),
        (broken.GuestOwes(), "write_fault", NOT_PUT_OFF),
        (broken.NeverAcknowledges(), "engine", NEVER_STUCK),
        (broken.BeginsAgain(), "begin", STAYS_ENDED),
        (broken.ActivatesUncommitted(), "activate", ALLOWED),
        (broken.StartsOpen(), "initial", "who_runs_at_the_source_is_a_matter_of_the_phase_while_it_is_there"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Seed) else None,
)
def test_a_wrong_step_is_refuted_by_the_obligation_one_expects(spec: Seed, step: str, claim: str) -> None:
    failures = prove_all(spec, only=[step]).not_proved
    assert (step, claim) in {(r.step, r.claim) for _, r in failures}
    assert {r.verdict for _, r in failures} == {Verdict.REFUTED}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(VARIANTS))
def test_every_wrong_variant_is_refuted_and_every_sound_one_proved(name: str) -> None:
    variant = VARIANTS[name]
    report = prove_all(variant.spec())
    assert report.is_proved == variant.sound
    assert Verdict.UNKNOWN not in report.verdicts
