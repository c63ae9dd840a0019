"""Which variants are on the ladder by default: as they are found by what a guest notices, from a minute's to none."""

from collections.abc import Mapping

__all__ = ["ABLATED", "BY_ONE", "DEFAULT"]

DEFAULT: Mapping[str, str] = {
    "swap-after-protect": "a fault between the swap and the protection",
    "resync-grants": "a resync between the protection and the end",
    "revoke-in-sync-only": "an entry that is out of sync when it is looked for",
    "clear-takes-late": "a store between the protection and the taking of the bits",
    "marks-at-map": "a write long after the map",
    "second-start-from-old-log": "an abort, then a second migration",
    "torn-down-under-a-client": "an abort, with a second client that starts meanwhile",
    "unsync-forgets-log": "a page that becomes a table, and is one no longer",
    "slot-without-bitmap": "a slot that is made anew between sync and clear",
    "enable-keeps-mappings": "a mapping from before the migration, used in it",
    "mode-read-outside-lock": "a fault of another vCPU across the change of the mode",
    "harvest-flush-first": "another vCPU that walks between flush and protection",
    "flush-other-context": "another vCPU, in another view",
    "stale-fill": "an entry that is read, lowered, and filled in afterwards",
    "large-marks-one-page": "a store to the other page of a large mapping",
    "ring-full-drops": "a full ring",
    "ring-reset-first": "a full ring that wraps round before it is read",
    "no-barrier-between-rounds": "two rounds, and two channels that overtake",
    "zero-page-not-cached": "two rounds: a page that is sent, becomes zero, and something else",
    "last-harvest-by-peek": "two rounds, and a store between the look and the pause",
}
"""By name: what it takes."""
ABLATED = ("revoke-in-sync-only", "enable-keeps-mappings", "large-marks-one-page", "ring-full-drops", "stale-fill")
"""Those of the ablation: hard enough for a difference to show, and found often enough to have a median."""
BY_ONE = (
    *("swap-after-protect", "resync-grants", "revoke-in-sync-only", "clear-takes-late", "marks-at-map"),
    *("enable-keeps-mappings", "mode-read-outside-lock", "harvest-flush-first", "stale-fill"),
    *("torn-down-under-a-client", "ring-full-drops", "last-harvest-by-peek"),
)
"""Those on which a mutation is measured by itself: libFuzzer's own find most of them now and then."""
