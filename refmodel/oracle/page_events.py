"""The judge's way with pages: stores, sends, what either side holds; and when all of it has to be settled.

A store whose content nobody recorded leaves a content that equals nothing, until a later copy of the page is read from
the source: only a complete store log makes that a proof, and then the order stands in for the contents.
"""

from typing import Any

from refmodel.language import Action, Refused
from refmodel.oracle.events import Activate, Begin, Discard, Memory, OfPages, Release, Send, Store, Takeover
from refmodel.oracle.inplace import Nothing
from refmodel.oracle.pages import Page, Tally
from refmodel.oracle.rules import RULES
from refmodel.oracle.stepping import Stepping
from refmodel.oracle.verdict import LastRecord

__all__ = ["TakesPages"]


class TakesPages(Stepping):
    """What a judge has to do about them."""

    begin: Begin | None = None

    def take_page(self, event: OfPages) -> None:
        """Judge one event of a page, or of a range of them."""
        match event:
            case Store():
                self._store(event)
            case Release():
                page = self._page(event)
                page.is_released = True
                page.tell(self.number, "given up by the guest")
            case Send():
                self._send(event)
            case Memory():
                self._memory(event)
            case Discard():
                self._need_before_the_end("discard")
                if not self.pages.discard(event.block, event.pfn, event.pages):
                    raise self.unusable(
                        f"{event.pages} pages from pfn {event.pfn} of {event.block!r}", "pages of a block"
                    )

    def _need_before_the_end(self, what: str) -> None:
        """Once the target runs, nobody compares what comes to be known of a page: it must not count as compared."""
        for end in (Activate, Takeover):
            if self.has_come(end):
                raise self.unusable(f"{what} after {end.__name__.lower()}", f"{what} before the target runs")

    def _page(self, event: Store | Release | Send | Memory) -> Page:
        page = self.pages.find(event.block, event.pfn)
        if page is None:
            size = self.pages.blocks.get(event.block)
            expected = f"a pfn below {size}" if size else f"a block of {sorted(self.pages.blocks)}"
            raise self.unusable(f"pfn {event.pfn} of block {event.block!r}", expected)
        return page

    def _store(self, event: Store) -> None:
        page = self._page(event)
        runs = self.ledger.target_runs if event.side == "target" else self.ledger.source_runs
        if not runs:
            self.counts["stores-only-where-the-guest-runs"] += 1
            self.find("stores-only-where-the-guest-runs", f"a store at the {event.side}, which does not run", page)
            return
        content = Nothing() if event.digest is None else event.digest
        page.tell(self.number, f"stored to at the {event.side}" + (f", now {event.digest}" if event.digest else ""))
        page.stored, page.store_content_known = self.number, event.digest is not None
        if page.is_released:
            page.is_released = False
            if event.side == "target" and not page.is_settled:
                self._renewed(page, content)
                return
        self.step("stores-only-where-the-guest-runs", "store", page.number, 0, content, page=page)

    def _renewed(self, page: Page, content: Any) -> None:
        """A page that was owed until now is stored over, all of it, at the target: it is what both have of it."""
        self._content_is(page, content)
        self.step("stores-only-where-the-guest-runs", "deliver", page.number, 0, content, page=page)
        self._settle(page)

    def _send(self, event: Send) -> None:
        page = self._page(event)
        if page.last_record is not None and page.last_record.digest != event.digest:
            page.varied = True
        page.last_record = LastRecord(event.offset, event.kind, event.digest, self.paused)
        page.sends(event.digest, self.paused)
        at = f" at offset {event.offset:#x}" if event.offset is not None else ""
        when = "while paused" if self.paused else "live"
        page.tell(self.number, f"sent {when} as {event.kind}{at}: {event.digest}")
        page.sent = self.number
        if not page.store_content_known and page.source is None:
            # What was read is taken for what the source had then; the source's memory at the stop overrides it.
            self._content_is(page, event.digest)
        rule = "nothing-is-sent-to-a-running-target"
        if self.step(rule, "deliver", page.number, 0, event.digest, page=page) and self.ledger.target_runs:
            self._settle(page)

    def _memory(self, event: Memory) -> None:
        self._need_before_the_end("memory")
        page = self._page(event)
        page.tell(self.number, f"the {event.side} has {event.digest}")
        if page.is_released:
            return
        if event.side == "target":
            page.target = event.digest
            self.counts["the-target-holds-what-was-sent"] += 1
            if page.last_record is not None and page.last_record.digest != event.digest:
                message = "the target holds something else than the page's last record"
                self.find("the-target-holds-what-was-sent", message, page)
            return
        page.source = event.digest
        if page.store_content_known:
            self.counts["the-source-has-what-was-stored"] += 1
            if self.ledger.last.memory[page.number, 0] != event.digest:  # type: ignore[comparison-overlap]
                self.find("the-source-has-what-was-stored", "the page is not what was stored there last", page)
        self._content_is(page, event.digest)

    def _content_is(self, page: Page, digest: Any) -> None:
        """An observation: the content that the guest left there, whoever stored it."""
        last = self.ledger.last
        self.ledger = self.ledger.but(last=last.but(memory=last.memory.set((page.number, 0), digest)))

    def _settle_pages(self) -> None:
        """The guest is about to run at the target: every page must be settled, but for those that it dropped."""
        for page in self.pages.seen():
            is_due = page.last_record is not None and not page.is_released
            if is_due and not self.pages.is_discarded(page.block, page.pfn):
                self._settle(page)
        self.counts["every-page-is-sent"] += self.pages.total
        for page in self.pages.missing(limit=1000, discarded=False):
            self.find("every-page-is-sent", "the page was never sent", page)

    def _settle(self, page: Page) -> None:
        """The page is owed no longer: what was sent of it last must be what the guest stored last."""
        rule = self.rule_for(page)
        page.is_settled = True
        if rule is not None:
            self.counts[rule] += 1
        try:
            self.ledger = self.promise.take(self.ledger, Action("settle", (page.number,)))
        except Refused:
            if rule is not None:
                self.find(rule, self._message(rule, page), page, contracts=self._possible(page))

    def rule_for(self, page: Page) -> str | None:
        """By which rule the page's content is judged, the best for which there is evidence; None without any."""
        if page.source is not None or page.store_content_known:
            return "the-last-store-arrives"
        if self.begin is not None and self.begin.stores == "all":
            return "a-stored-page-is-sent-again"
        return None

    def tally(self) -> Tally:
        """Of which pages the last content was compared."""
        tally = Tally()
        for page in self.pages.seen():
            known, changed = self.rule_for(page) is not None, page.varied or page.stored is not None
            tally.take(page.block, page.pfn, is_released=page.is_released, is_known=known, has_changed=changed)
        return tally

    def _possible(self, page: Page) -> tuple[str, ...]:
        """Whose fault it may be: a page read after the vCPUs stopped was not lost by the log or a round."""
        late = page.last_record is not None and page.last_record.after_pause
        spared = {"logging", "rounds"} if late else set()
        return tuple(c.value for c in RULES["the-last-store-arrives"].contracts if c.value not in spared)

    def _message(self, rule: str, page: Page) -> str:
        if rule == "the-last-store-arrives":
            return "what was sent of the page last is not what the source has"
        return f"the page was stored to (event {page.stored}) after it was sent last (event {page.sent})"
