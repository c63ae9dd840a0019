import pytest

from tests.fuzz.drawn import SOUND, WRONG, runner, walked


@pytest.mark.parametrize("variant", WRONG)
def test_every_wrong_variant_is_found(variant: str) -> None:
    finding = walked(runner(variant), seed=1, count=1000)
    assert finding is not None
    assert len(finding.actions) == max(f.after for f in (finding.broken, finding.noticed) if f)


@pytest.mark.parametrize("variant", ["no-flush", "flush-one-cpu", "mark-dropped", "clear-after-read", "resync-grants"])
def test_what_the_guest_would_notice_is_found_without_looking_at_claims(variant: str) -> None:
    finding = walked(runner(variant, claims=False), seed=1, count=3000)
    assert finding is not None
    assert finding.broken is None
    assert finding.noticed is not None


@pytest.mark.parametrize("variant", SOUND)
def test_nothing_is_found_in_the_seed_machine_and_in_sound_variants(variant: str | None) -> None:
    assert walked(runner(variant), seed=2, count=200) is None
