import pytest

from tests.fuzz.drawn import COMMON, EACH, MANY, SOUND, runner, walked


def is_found(variant: str) -> None:
    finding = walked(runner(variant), seed=1, count=1000)
    assert finding is not None
    assert len(finding.actions) == max(f.after for f in (finding.broken, finding.noticed) if f)


@pytest.mark.parametrize("variant", EACH)
def test_a_wrong_variant_of_each_machine_is_found(variant: str) -> None:
    is_found(variant)


@pytest.mark.slow
@pytest.mark.parametrize("variant", sorted(set(COMMON) - set(EACH)))
def test_every_wrong_variant_is_found(variant: str) -> None:
    is_found(variant)


@pytest.mark.parametrize("variant", ["no-flush", "flush-one-cpu", "mark-dropped", "clear-after-read", "resync-grants"])
def test_what_the_guest_would_notice_is_found_without_looking_at_claims(variant: str) -> None:
    finding = walked(runner(variant, claims=False), seed=1, count=3000)
    assert finding is not None
    assert finding.broken is None
    assert finding.noticed is not None


@pytest.mark.parametrize("machine", MANY)
def test_nothing_is_found_in_right_machines(machine: str) -> None:
    assert walked(runner(on=machine), seed=2, count=10) is None


@pytest.mark.slow
@pytest.mark.parametrize("machine", MANY)
def test_nothing_is_found_in_right_machines_for_longer(machine: str) -> None:
    assert walked(runner(on=machine), seed=3, count=1000) is None


@pytest.mark.parametrize("variant", SOUND)
def test_nothing_is_found_in_the_seed_machine_and_in_sound_variants(variant: str | None) -> None:
    assert walked(runner(variant), seed=2, count=60) is None
