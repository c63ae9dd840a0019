"""Driving machines whose log has a mode: what a switch, a store, a page's transfer come to in steps."""

from typing import Any

import pytest

from refmodel.language import Action, Refused
from refmodel.machines import machine
from refmodel.search.seed_space import sizes_for, start_of
from refmodel.state import Phase, Stage

SMALL = {"pfn": 2, "vpn": 2, "cpu": 2, "word": 1, "value": 4}


class Switching:
    """Such a machine under a test's hand; every claim is checked after every step."""

    def __init__(self, name: str, variant: str | None = None, rounds: int = 9, **sizes: int) -> None:
        self.spec = machine(name, variant)
        self.sizes = sizes_for(self.spec, {**SMALL, **sizes})
        self.m = start_of(self.spec, self.sizes, rounds)

    def do(self, step: str, *arguments: Any) -> "Switching":
        before = self.m
        self.m = self.spec.take(before, Action(step, arguments))
        for claim in self.spec.claims.values():
            assert self.spec.broken(claim, self.m, self.sizes, before if claim.of_steps else None) is None, claim.name
        return self

    def refuses(self, guard: str, step: str, *arguments: Any) -> None:
        with pytest.raises(Refused) as refused:
            self.spec.take(self.m, Action(step, arguments))
        assert refused.value.guard == guard

    def each_cpu(self, step: str) -> "Switching":
        for cpu in range(self.sizes["cpu"]):
            self.do(step, cpu)
        return self

    def use(self, cpu: int, vpn: int) -> "Switching":
        """Bring a mapping into the shadow and into a CPU's TLB."""
        if not self.m.shadow.present[vpn]:
            self.do("shadow_fill", vpn)
        return self.do("mmu_walk", cpu, vpn)

    def store(self, cpu: int, vpn: int, value: int) -> "Switching":
        """The guest stores to a small mapping, by way of whatever its access needs."""
        if not self.m.cpus.writable[cpu, vpn]:
            if self.m.cpus.present[cpu, vpn] or not self.m.shadow.writable[vpn]:
                self.do("write_fault", cpu, vpn, 0)
            self.do("mmu_walk", cpu, vpn)
        return self.do("guest_store", cpu, vpn, 0, value)

    def protect(self) -> "Switching":
        """The rest of a switch: what was writable is revoked, and every CPU flushed."""
        for vpn in range(self.sizes["vpn"]):
            if self.m.shadow.writable[vpn] and not self.spec.permits(self.m, self.m.shadow.frame[vpn]):
                self.do("enable_revoke", vpn)
        return self.each_cpu("enable_flush")

    def set_up(self) -> "Switching":
        """Begin, switch the mode on, and let rounds run."""
        self.do("begin").do("send_configuration").do("log_enable")
        return self.protect().do("start_rounds")

    def send(self, *pages: int) -> "Switching":
        """Send these pages, or all that the round owes."""
        for page in pages or self.m.rounds.to_send.members():
            self.do("transfer_clear", page)
            if self.m.transfer.stage == Stage.CLEARED:
                self.do("transfer_mark")
                for vpn in range(self.sizes["vpn"]):
                    if self.m.shadow.writable[vpn] and self.m.shadow.frame[vpn] == page:
                        self.do("transfer_revoke", vpn)
                self.each_cpu("transfer_flush")
            self.do("transfer_read", 0).do("transfer_done")
        return self

    def finish(self) -> "Switching":
        """Stop, send what is left, and let the guest run at the target, with all that it stored."""
        self.do("pause").do("final_harvest").send()
        self.each_cpu("send_registers")
        for step in ("send_table", "commit", "acknowledge", "activate"):
            self.do(step)
        assert self.m.phase == Phase.AFTER
        assert self.m.target.memory == self.m.source.memory
        return self
