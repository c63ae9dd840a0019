"""Xen's names mapped to ours: the records of a stream as events for the judge, and what the rules need of them.

| Xen | event |
| --- | --- |
| X86_PV_P2M_FRAMES | begin: one block, "ram", of max_pfn + 1 pages |
| a new pass | round |
| an entry of PAGE_DATA | send; of a page without data, the content "absent" |
| the pass before X86_TSC_INFO | pause before it: it is sent after the suspension |
| END of libxl, after the vCPUs | commit |
| the handshake, or the end of a saved domain | activate |
"""

from array import array

from attrs import define, field

from refmodel.oracle.events import VERSION, Begin, Block, Pause, Round, Send
from refmodel.oracle.judge import Judge
from refmodel.oracle.xen import wire
from refmodel.oracle.xen.harvests import Harvests
from refmodel.oracle.xen.page_tables import level_of
from refmodel.oracle.xen.passes import Passes
from refmodel.oracle.xen.records import Handshake, ImageHeader, P2mFrames, Page, Record, Vcpu, Verify
from refmodel.oracle.xen.results import BLOCK, Result, checked, finding

__all__ = ["Story"]

_START_INFO = b"xen-3.0-"
_VERIFIED = "a-verified-page-is-what-was-sent"


@define
class Story:
    """What the rules need of a stream: of each page its last type and digest, of page-table pages the bytes too."""

    judge: Judge
    harvests: Harvests | None = None
    header: ImageHeader | None = None
    p2m: P2mFrames | None = None
    passes: Passes | None = None
    types: dict[int, int] = field(factory=dict)
    """The type of each page's last copy with data."""
    digests: dict[int, str] = field(factory=dict)
    """The digest of each page's last entry."""
    kept: dict[int, bytes] = field(factory=dict)
    """The last copy of each page-table page, and of each page that looks like start_info, as it travelled."""
    ever_tables: set[int] = field(factory=set)
    """Pages that travelled as page tables at least once."""
    sent: list["array[int]"] = field(factory=list)
    """The entries of each pass in order, as ``2 * pfn``, plus 1 for one without data."""
    vcpus: dict[int, bytes] = field(factory=dict)
    """The basic context of each vCPU, as it travelled."""
    verified: int | None = None
    """How many pages were verified; None without a VERIFY record."""
    handshake: bool = False
    results: list[Result] = field(factory=list)
    _waiting: list[Send] = field(factory=list)

    def take(self, record: Record) -> None:
        """Take the next record of the stream."""
        match record:
            case ImageHeader():
                self.header = record
            case P2mFrames():
                self.p2m = record
                self.passes = Passes(record.last, self.harvests)
                self.judge.take(Begin(VERSION, (Block(BLOCK, record.last + 1),)))
            case Page() if self.verified is None:
                self._page(record)
            case Page():
                self._verify(record)
            case Verify():
                self.end_of_pages()
                self.verified = 0
            case Vcpu(part="basic"):
                self.end_of_pages()
                self.vcpus[record.vcpu] = record.data
            case Handshake():
                self.handshake = True

    def _page(self, page: Page) -> None:
        assert self.passes is not None
        if self.passes.take(page):
            self._send_waiting()
            self.judge.take(Round())
            self.sent.append(array("Q"))
        self.sent[-1].append(page.pfn << 1 | (page.data is None))
        if page.data is None:
            digest = wire.ABSENT
        else:
            digest = wire.digest(page.type, page.data)
            self.types[page.pfn] = page.type
            self.kept.pop(page.pfn, None)
            if level_of(page.type):
                self.ever_tables.add(page.pfn)
            if level_of(page.type) or page.data.startswith(_START_INFO):
                self.kept[page.pfn] = page.data
        self.digests[page.pfn] = digest
        if len(self._waiting) > self.passes.last_pfn:  # a page came twice, which the pass is faulted for
            self._send_waiting()
        self._waiting.append(Send(BLOCK, page.pfn, digest, wire.PAGE_TYPES[page.type], page.offset))

    def _verify(self, page: Page) -> None:
        assert self.verified is not None
        self.verified += 1
        found = wire.ABSENT if page.data is None else wire.digest(page.type, page.data)
        if found != self.digests.get(page.pfn):
            message = f"the page is {found} after VERIFY, and was sent as {self.digests.get(page.pfn)}"
            self.results.append(finding(_VERIFIED, message, page.pfn))

    def end_of_pages(self) -> None:
        """The last pass is over: it came after the suspension, unless the log says that nothing was left to send."""
        if self.passes is None or self.judge.paused:
            return
        self.passes.finish()
        if self.passes.ended_live:
            self._send_waiting()
        self.judge.take(Pause())
        self._send_waiting()

    def _send_waiting(self) -> None:
        for event in self._waiting:
            self.judge.take(event)
        self._waiting.clear()

    def broken(self) -> None:
        """The stream broke: what has come of the pass at hand is told, without a verdict on the pass."""
        if self.passes is not None:
            self._send_waiting()

    def stream_results(self) -> list[Result]:
        """What the rules say that are checked while the stream is read."""
        results = list(self.passes.results if self.passes else ())
        if self.verified is not None:
            results.append(checked(_VERIFIED, self.verified))
        return results + self.results
