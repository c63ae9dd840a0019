"""Driving a machine that protects at harvest: what a harvest, a round, a store come to in steps."""

from typing import Any

import pytest

from refmodel.language import Action, Refused
from refmodel.machines import machine
from refmodel.search.seed_space import sizes_for, start_of
from refmodel.state import Phase

SMALL = {"pfn": 3, "vpn": 3, "cpu": 2, "word": 1, "value": 4}


class Harvesting:
    """Such a machine under a test's hand; every claim is checked after every step."""

    def __init__(self, name: str, rounds: int = 9, variant: str | None = None, **sizes: int) -> None:
        self.spec = machine(name, variant)
        self.sizes = sizes_for(self.spec, {**SMALL, **sizes})
        self.m = start_of(self.spec, self.sizes, rounds)

    def do(self, step: str, *arguments: Any) -> Any:
        before = self.m
        self.m = self.spec.take(before, Action(step, arguments))
        for claim in self.spec.claims.values():
            assert self.spec.broken(claim, self.m, self.sizes, before if claim.of_steps else None) is None, claim.name
        return self.m

    def refuses(self, guard: str, step: str, *arguments: Any) -> None:
        with pytest.raises(Refused) as refused:
            self.spec.take(self.m, Action(step, arguments))
        assert refused.value.guard == guard

    def protect_all(self) -> "Harvesting":
        """The second half of an operation that has the log: blow, flush, release."""
        self.do("harvest_blow")
        for cpu in range(self.sizes["cpu"]):
            self.do("harvest_flush", cpu)
        self.do("harvest_release")
        return self

    def set_up(self, *mappings: tuple[int, int]) -> "Harvesting":
        """Map pages (vpn, pfn), begin, and let rounds run."""
        for vpn, pfn in mappings:
            self.do("guest_map", vpn, pfn, True, True)
        self.do("begin")
        self.protect_all()
        if "reserve" in self.spec.steps:
            self.do("reserve")
        self.do("send_configuration")
        for cpu in range(self.sizes["cpu"]):
            self.do("enter_shadow", cpu)
        self.do("start_rounds")
        return self

    def send(self, *pages: int) -> "Harvesting":
        """Send these pages, or all that the round owes."""
        for page in pages or self.m.rounds.to_send.members():
            self.do("transfer_clear", page)
            self.do("transfer_read", 0)
            self.do("transfer_done")
        return self

    def harvest(self) -> "Harvesting":
        """CLEAN, as a whole."""
        self.do("harvest_hold")
        for leaf in range(self.sizes.get("chunk", 0)):
            self.do("harvest_leaf", leaf)
        self.do("next_round")
        return self.protect_all()

    def store(self, cpu: int, vpn: int, value: int) -> "Harvesting":
        """The guest stores, by way of whatever its access needs."""
        if not self.m.cpus.writable[cpu, vpn]:
            if self.m.cpus.present[cpu, vpn] or not self.m.shadow.writable[vpn]:
                self.do("write_fault", cpu, vpn, 0)
            self.do("mmu_walk", cpu, vpn)
        self.do("guest_store", cpu, vpn, 0, value)
        return self

    def stop(self) -> "Harvesting":
        self.do("pause")
        self.do("final_harvest")
        return self

    def hand_over(self) -> "Harvesting":
        """What is left travels; the guest runs at the target, with all that it stored."""
        self.send()
        for cpu in range(self.sizes["cpu"]):
            self.do("send_registers", cpu)
        for step in ("send_table", "commit", "acknowledge", "activate"):
            self.do(step)
        assert self.m.phase == Phase.AFTER
        assert self.m.target.memory == self.m.source.memory
        return self
