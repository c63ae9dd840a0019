"""QEMU's rounds: a sync when little is pending by the estimate, a stop when little is by a sync."""

from tests.parts.logging_with_kvm import WithKvm

STOPS = "the policy stops"
GOES_ON = "the policy allows another round"
OWES = "the round has sent all that it owed"


def live(pages: int = 5, rounds: int = 9) -> WithKvm:
    return WithKvm("bare+manual-protect+qemu-rounds", rounds, pfn=pages, vpn=2, cpu=1, chunk=1).do("start_rounds")


def test_nothing_is_synced_or_stopped_while_too_much_is_pending() -> None:
    kvm = live().clear(0)
    assert (kvm.m.pending.pages, kvm.m.pending.threshold) == (5, 2)
    kvm.send(0, 1)
    assert kvm.m.pending.pages == 3
    kvm.refuses(OWES, "next_round")
    kvm.refuses(STOPS, "pause")


def test_a_sync_comes_before_the_round_has_sent_all_and_says_whether_to_stop() -> None:
    kvm = live().clear(0).send(2, 3, 4)
    kvm.refuses(STOPS, "pause")
    kvm.do("next_round")
    assert kvm.m.rounds.to_send.members() == [0, 1]
    kvm.refuses(STOPS, "pause")
    kvm.refuses(GOES_ON, "next_round")
    kvm.clear(0).send(0).do("next_round").do("pause").finish()


def test_what_a_sync_finds_is_counted() -> None:
    kvm = live().clear(0).do("write_fault", 0, 0, 0).do("write_fault", 0, 1, 0).send()
    assert kvm.m.pending.pages == 0
    kvm.do("next_round")
    assert kvm.m.pending.pages == 2
    kvm.refuses(STOPS, "pause")


def test_with_no_round_left_the_stop_needs_no_sync() -> None:
    kvm = live(rounds=0).clear(0).send(1, 2, 3, 4)
    kvm.refuses(GOES_ON, "next_round")
    kvm.do("pause").finish()


def test_a_suspend_sends_nothing_live() -> None:
    WithKvm("bare+manual-protect+qemu-rounds").do("pause").finish()


def test_the_same_rounds_with_rings_and_a_bitmap_beside_them() -> None:
    kvm = WithKvm("bare+backup-bitmap+qemu-rounds", cpu=1).start_logging().send(0).fault(0, 0, 0).store(0, 0, 3)
    kvm.reap(0, 0).reset((0, 0)).do("next_round")
    assert kvm.m.pending.pages == 3
    kvm.send(0, 1).do("write_without_vcpu", 1, 0, 2).do("next_round").do("pause").do("mark_without_vcpu", 1).finish()
    assert (kvm.m.target.memory[0, 0], kvm.m.target.memory[1, 0]) == (3, 2)
