"""Driving machines that log with KVM: what a CLEAR, a fault, a reap, a reset come to in steps."""

from typing import Any

import pytest

from refmodel.language import Action, Refused
from refmodel.machines import machine
from refmodel.search.seed_space import sizes_for, start_of

SMALL = {"pfn": 3, "vpn": 3, "cpu": 2, "word": 1, "value": 4, "chunk": 2, "entry": 2}


class WithKvm:
    """Such a machine under a test's hand, its first pages mapped writable; every claim is checked after every step."""

    def __init__(self, name: str, rounds: int = 9, **sizes: int) -> None:
        self.spec = machine(name)
        self.sizes = sizes_for(self.spec, {**SMALL, **sizes})
        self.m = start_of(self.spec, self.sizes, rounds)
        for page in range(self.sizes["vpn"]):
            self.do("guest_map", page, page, True, True)
        self.do("begin")
        self.do("send_configuration")
        for cpu in range(self.sizes["cpu"]):
            self.do("enter_shadow", cpu)

    def do(self, step: str, *arguments: Any) -> "WithKvm":
        before = self.m
        self.m = self.spec.take(before, Action(step, arguments))
        for claim in self.spec.claims.values():
            assert self.spec.broken(claim, self.m, self.sizes, before if claim.of_steps else None) is None, claim.name
        return self

    def refuses(self, guard: str, step: str, *arguments: Any) -> None:
        with pytest.raises(Refused) as refused:
            self.spec.take(self.m, Action(step, arguments))
        assert refused.value.guard == guard

    def each_cpu(self, step: str) -> "WithKvm":
        for cpu in range(self.sizes["cpu"]):
            self.do(step, cpu)
        return self

    def send(self, *pages: int) -> "WithKvm":
        """Send these pages, or all that the round owes."""
        for page in pages or self.m.rounds.to_send.members():
            self.do("transfer_clear", page)
            self.do("transfer_read", 0)
            self.do("transfer_done")
        return self

    def store(self, cpu: int, page: int, value: int) -> "WithKvm":
        """Walk, and store; the fault has come before if one was needed."""
        self.do("mmu_walk", cpu, page)
        return self.do("guest_store", cpu, page, 0, value)

    def finish(self) -> "WithKvm":
        """From the last harvest to the target."""
        self.do("final_harvest").send()
        self.each_cpu("send_registers")
        for step in ("send_table", "commit", "acknowledge", "activate"):
            self.do(step)
        return self

    # manual protect

    def clear(self, chunk: int) -> "WithKvm":
        self.do("clear_dirty_log", chunk)
        return self.each_cpu("clear_flush") if self.m.slot.clearing else self

    # dirty ring

    def start_logging(self) -> "WithKvm":
        self.do("ring_start")
        return self.each_cpu("reset_flush").do("start_rounds")

    def fault(self, cpu: int, page: int, entry: int) -> "WithKvm":
        self.do("ring_push", cpu, page, entry)
        return self.do("write_fault", cpu, page, 0)

    def reap(self, cpu: int, entry: int) -> "WithKvm":
        self.do("reap_flag", cpu, entry)
        return self.do("reap_payload")

    def reset(self, *entries: tuple[int, int]) -> "WithKvm":
        for cpu, entry in entries:
            self.do("reset_entry", cpu, entry)
        return self.each_cpu("reset_flush")
