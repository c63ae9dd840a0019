"""Once the source's image is freed nothing of the migration is left there: each part gives back what it has taken."""

from typing import Any

import pytest

from proofs.prove import prove_all
from refmodel.compose import patched
from refmodel.handover.hand_over import HandOverSteps


def keeping(field: str) -> type[HandOverSteps[Any]]:
    """A finish at which this much of the state is left as it was."""

    class Keeps(HandOverSteps[Any]):
        def discard_source(self, m: Any) -> Any:
            return super().discard_source(m).but(**{field: getattr(m, field)})

    return Keeps


@pytest.mark.parametrize(
    ("name", "field", "claim"),
    [
        ("bare+second-stage", "log_mode", "outside_a_migration_the_mode_is_off"),
        ("bare+two-clients", "clients", "without_a_client_the_mode_is_off_or_to_be_torn_down"),
        ("bare+device-writes", "devices", "no_device_logs_while_no_migration_runs"),
        ("bare+dirty-ring", "ring_protection", "logging_ends_with_the_migration"),
        ("bare+guest-tables", "tables", "without_a_migration_no_table_is_trapped"),
        ("bare+delta-cache", "cache", "only_a_migration_has_words_in_its_cache"),
    ],
)
def test_what_a_finish_leaves_behind_is_refuted(name: str, field: str, claim: str) -> None:
    report = prove_all(patched(name, f"keeps-its-{field}".replace("_", "-"), keeping(field))())
    assert ("discard_source", claim) in {(record.step, record.claim) for _, record in report.not_proved}
