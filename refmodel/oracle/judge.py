"""The judge: the promise's own steps, run on events.

Every event is a step of level A, or an observation of what a page holds. A refusal is a finding; its rule is the guard
that refused. A store whose content nobody recorded leaves a content that equals nothing, until a later copy of the page
is read from the source: only a complete store log makes that a proof, and then the order stands in for the contents.
"""

from collections import Counter
from typing import Any

from refmodel.language import Action, Refused
from refmodel.oracle.catalogue import classes_of
from refmodel.oracle.checkpoint_events import TakesCheckpoints
from refmodel.oracle.events import (
    VERSION,
    Abort,
    Activate,
    Begin,
    Checkpoint,
    Commit,
    Discard,
    Done,
    Emit,
    Event,
    Memory,
    Output,
    Pause,
    Release,
    Resume,
    Round,
    Send,
    Store,
    Takeover,
    Whole,
)
from refmodel.oracle.inplace import Nothing, unbounded_ledger
from refmodel.oracle.pages import LEFT_OUT, Page, Pages, Tally, shortened
from refmodel.oracle.rules import OF_CHECKPOINTS, RULES
from refmodel.oracle.verdict import Finding, LastRecord
from refmodel.promise import Ledger, Promise
from refmodel.unusable import Unusable

__all__ = ["MOST_FINDINGS", "Judge"]

MOST_FINDINGS = 2000
"""Findings of one rule that are kept."""


class Judge(TakesCheckpoints):
    """Takes events one by one; ``verdict`` says what they come to."""

    def __init__(self, where: str, ledger: Ledger | None = None) -> None:
        """``ledger``: any ledger to begin with; by default one that is updated in place, of any size."""
        self.where = where
        self.promise = Promise()
        self.ledger = self.promise.initial(unbounded_ledger() if ledger is None else ledger)
        self.begin: Begin | None = None
        self.pages = Pages()
        self.findings: list[Finding] = []
        self._found = Counter[str]()
        self._ends: set[type[Event]] = set()
        self.number = 0
        self.paused = False
        self.ended: Event | None = None
        self.counts = {rule: 0 for rule in RULES if rule not in OF_CHECKPOINTS}
        self._common: tuple[tuple[int, str], ...] = ()
        """What belongs to every page's story, with the event's number."""

    def take(self, event: Event) -> None:
        """Judge one event; Unusable for one that cannot stand where it does."""
        self.number += 1
        if isinstance(event, Begin):
            self._begin(event)
            return
        if self.begin is None:
            raise self.unusable(f"{type(event).__name__.lower()} before begin", "begin as the first event")
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
            case Round():
                self.tell("the log is harvested")
            case Pause():
                self.paused = True
                self.tell("the source's vCPUs stand still")
                self.step("one-side-runs", "stop")
            case Discard():
                self._need_before_the_end("discard")
                if not self.pages.discard(event.block, event.pfn, event.pages):
                    raise self.unusable(
                        f"{event.pages} pages from pfn {event.pfn} of {event.block!r}", "pages of a block"
                    )
            case Commit():
                self._commit(event)
            case Activate():
                if self.is_first(event):
                    self._settle_pages()
                self.step("one-side-runs", "start_target")
            case Done():
                if Activate not in self._ends:
                    raise self.unusable("done before activate", "done once a target that dropped pages has them all")
                for page in self.pages.missing(limit=1000, discarded=True) if self.is_first(event) else ():
                    self.find(
                        "every-page-is-sent", "the target dropped the page at the switch; it was never sent again", page
                    )
            case Checkpoint() | Resume() | Whole() | Emit() | Output() | Takeover():
                self.take_checkpoint(event)
            case Abort():
                self.ended = event
                self.counts["one-side-runs"] += 1  # what is to be checked of a migration that hands nothing over
                if self.ledger.given_up or self.ledger.target_runs:
                    self.find("one-side-runs", "given up after the source had given up its right to run")
                elif not self.ledger.source_runs:
                    self.step("one-side-runs", "resume")

    def is_first(self, event: Event) -> bool:
        """The run has ended so; and has not before: what that settles, it settles once, however often it comes."""
        self.ended = event
        is_first = type(event) not in self._ends
        self._ends.add(type(event))
        return is_first

    def _need_before_the_end(self, what: str) -> None:
        """Once the target runs, nobody compares what comes to be known of a page: it must not count as compared."""
        for end in (Activate, Takeover):
            if end in self._ends:
                raise self.unusable(f"{what} after {end.__name__.lower()}", f"{what} before the target runs")

    def unusable(self, what: str, expected: str) -> Unusable:
        """The event cannot stand where it does."""
        return Unusable(f"{self.where}: event {self.number}", what, expected)

    def _begin(self, event: Begin) -> None:
        if self.begin is not None:
            raise self.unusable("a second begin", "one migration a recording")
        if event.version != VERSION:
            raise self.unusable(f"version {event.version}", f"version {VERSION}")
        self.begin = event
        for block in event.blocks:
            if block.name in self.pages.blocks or block.pages <= 0:
                raise self.unusable(f"block {block.name!r} of {block.pages} pages", "blocks with names of their own")
            self.pages.add_block(block.name, block.pages)

    def step(self, rule: str, step: str, *arguments: Any, page: Page | None = None, **more: Any) -> bool:
        """Take a step of the promise; a refusal is a finding of the rule."""
        self.counts[rule] += 1
        try:
            self.ledger = self.promise.take(self.ledger, Action(step, arguments))
        except Refused as refused:
            self.find(rule, f"{step} needs that {refused.guard}", page, **more)
            return False
        return True

    def find(self, rule: str, message: str, page: Page | None = None, **more: Any) -> None:
        """Note a finding; of one rule only so many, as an event can come any number of times."""
        self._found[rule] += 1
        if self._found[rule] > MOST_FINDINGS:
            return
        known: dict[str, Any] = {"contracts": tuple(contract.value for contract in RULES[rule].contracts)} | more
        if page is not None:
            known |= {"block": page.block, "pfn": page.pfn, "last_record": page.last_record}
            known |= {"source": page.source, "target": page.target, "story": self.story_of(page)}
        signs, kind = _signs(page), page.last_record.kind if page and page.last_record else None
        known["classes"] = classes_of(rule, known["contracts"], signs, kind)
        self.findings.append(Finding(rule=rule, message=message, event=self.number, **known))

    def tell(self, what: str) -> None:
        """It belongs to the story of every page."""
        self._common = shortened((*self._common, (self.number, what)))

    def story_of(self, page: Page) -> tuple[str, ...]:
        """A line for each event that touched the page, and for each that touched all."""
        lines = sorted((*page.story, *self._common), key=lambda line: line[0])
        return tuple(what if what == LEFT_OUT else f"event {number}: {what}" for number, what in lines)

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

    def _commit(self, event: Commit) -> None:
        if event.context and not self.ledger.source_runs:
            self.step("one-side-runs", "deliver_table")
            self.step("one-side-runs", "settle_context")
        self.step("one-side-runs", "give_up")

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


def _signs(page: Page | None) -> tuple[str, ...]:
    """What the sends show of the page: whether the log had ever caught a store to it."""
    if page is None or page.last_record is None:
        return ()
    return ("seen-before",) if len(page.live) + len(page.paused) > 1 else ("never-seen",)
