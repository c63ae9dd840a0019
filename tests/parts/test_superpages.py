"""Large mappings by hand: used as a whole, split for the log, merged again."""

from tests.parts.switching import Switching

LARGE = "bare+second-stage+superpages"


def mapped(name: str = LARGE) -> Switching:
    """Region 0 has both pages, and is mapped large; CPU 0 holds it."""
    return Switching(name).do("large_fill", 0).do("large_walk", 0, 0)


def enabled(d: Switching) -> Switching:
    d.do("begin").do("send_configuration").do("log_enable")
    if d.m.superpages.writable[0]:
        d.do("large_protect", 0)
    return d.each_cpu("enable_flush").do("start_rounds")


def test_one_large_entry_lets_every_page_of_the_region_be_written() -> None:
    d = mapped()
    d.do("large_store", 0, 0, 0, 1).do("large_store", 0, 1, 0, 2)
    d.refuses("the TLB has a writable large entry", "large_store", 1, 0, 0, 1)
    assert d.m.source.memory[1, 0] == 2


def test_no_cpu_is_flushed_for_the_log_while_a_large_mapping_is_writable() -> None:
    d = mapped()
    d.do("begin").do("log_enable")
    d.refuses("no mapping is left to revoke", "enable_flush", 0)
    d.do("large_store", 0, 0, 0, 1)
    d.do("large_split", 0)
    d.do("enable_flush", 0)
    d.refuses("the TLB has a writable large entry", "large_store", 0, 0, 0, 1)


def test_the_first_write_fault_splits_a_region_and_marks_one_page_of_it() -> None:
    d = enabled(mapped()).send()
    d.do("large_walk", 0, 0).do("large_walk", 1, 0).do("large_fault", 0, 1)
    d.refuses("nothing large is left of the page's region", "write_fault", 0, 1, 0)
    d.do("large_flush", 1, 0)
    d.store(0, 1, 3)
    assert d.m.log.dirty.members() == [1]
    d.use(1, 0)
    assert not d.m.cpus.writable[1, 0]
    d.do("next_round").send().finish()


def test_nothing_is_mapped_large_while_logging_is_on() -> None:
    d = enabled(Switching(LARGE))
    d.refuses("logging is off", "large_fill", 0)
    d.refuses("logging is off", "large_merge", 0)


def test_a_region_is_merged_once_logging_is_off_and_every_tlb_has_let_go_of_its_pages() -> None:
    d = enabled(mapped())
    d.do("large_split", 0).store(0, 0, 1)
    d.do("abort")
    assert d.m.shadow.present.is_empty
    d.refuses("the shadow has small entries of the region", "large_merge", 0)
    d.refuses("no TLB has a small entry of the region", "large_fill", 0)
    d.do("large_flush", 0, 0).do("large_fill", 0).do("large_walk", 0, 0).do("large_store", 0, 1, 0, 2)


def test_what_is_filled_small_later_is_merged_as_well() -> None:
    d = Switching(LARGE).do("shadow_fill", 0)
    d.refuses("the shadow has no small entry of the region", "large_fill", 0)
    d.do("large_merge", 0).do("large_fill", 0)


def test_what_cannot_be_large_stays_as_it_is_when_logging_ends() -> None:
    d = Switching("bare+always-shadowed+superpages").do("guest_map", 0, 0, False, True).do("shadow_fill", 0)
    d.do("begin").do("log_enable").do("abort")
    assert d.m.shadow.present[0]


def test_a_read_only_large_entry_of_the_tlb_goes_where_the_mapping_is_writable_again() -> None:
    d = enabled(mapped()).do("large_walk", 0, 0)
    d.do("large_split", 0).do("abort").do("large_fill", 0)
    d.do("large_fault", 0, 0)
    assert d.m.superpages.mapped[0]
    d.do("large_walk", 0, 0).do("large_store", 0, 0, 0, 1)


def test_a_change_of_one_page_of_a_region_takes_the_large_mapping_away() -> None:
    d = Switching("bare+always-shadowed+superpages")
    d.refuses("the table maps the whole region, writable and in order", "large_fill", 0)
    d.do("guest_map", 0, 0, True, True).do("guest_map", 1, 1, True, True)
    d.do("large_fill", 0).do("large_walk", 0, 0)
    d.do("guest_map", 1, 0, True, False)
    assert not d.m.superpages.mapped[0]
    d.do("large_store", 0, 1, 0, 1)
    d.do("guest_flush", 0, 1)
    d.refuses("the TLB has a writable large entry", "large_store", 0, 0, 0, 1)
