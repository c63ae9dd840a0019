"""Driving a machine whose memory changes: one vCPU stores by way of the shadow, pages are sent or put aside."""

from typing import Self

from refmodel.state import Phase
from tests.parts.writing import Writing


class Changing(Writing):
    """The writer is the vCPU."""

    def live(self) -> Self:
        """Rounds run, and vpn 0 maps pfn 0."""
        self.begin().do("guest_map", 0, 0, True, True).do("enter_shadow", 0).do("start_rounds")
        return self

    def store(self, value: int) -> Self:
        """A store to vpn 0, by way of whatever it needs."""
        if not self.m.cpus.writable[0, 0]:
            if not self.m.shadow.writable[0]:
                self.do("write_fault", 0, 0, 0)
            self.do("mmu_walk", 0, 0)
        self.do("guest_store", 0, 0, 0, value)
        return self

    def protect(self, page: int) -> Self:
        """The page is taken up, and protected while the guest runs."""
        self.do("transfer_clear", page)
        if self.m.phase == Phase.LIVE:
            self.do("transfer_mark")
            if self.m.shadow.writable[0] and self.m.shadow.frame[0] == page:
                self.do("transfer_revoke", 0)
            self.do("transfer_flush", 0)
        return self

    def send(self, *pages: int) -> Self:
        """These pages, or all that are owed, are sent; those that may be skipped are."""
        for page in pages or self.m.rounds.to_send.members():
            self.protect(page)
            if self.spec.may_be_skipped(self.m, page):
                self.do("transfer_skip")
            else:
                self.do("transfer_read", 0).do("transfer_done")
        return self

    def stop(self) -> Self:
        """The last harvest."""
        self.do("pause").do("final_harvest")
        return self

    def arrive(self) -> Self:
        """The rest travels, and the guest runs at the target."""
        self.send().do("send_registers", 0).do("send_table")
        self.do("commit").do("acknowledge").do("activate")
        return self
