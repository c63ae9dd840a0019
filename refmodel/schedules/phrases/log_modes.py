"""What the steps do of the parts about the log's mode, its clients and memory, large mappings, and views."""

from typing import Any

from refmodel.migration import AnyMachine
from refmodel.schedules.phrases.phrases import Phrases

__all__ = ["PHRASES"]


def _region(m: Any, region: int) -> str:
    pages = [vpn for vpn in m.superpages.region_of.every_key() if m.superpages.region_of[vpn] == region]
    return f"region {region} (vpn {', '.join(map(str, pages))})"


def _large_store(spec: AnyMachine, m: Any, cpu: int, vpn: int, word: int, value: int) -> str:
    return f"store vpn {vpn} word {word} := {value} (pfn {m.superpages.frame[vpn]}), through a large entry"


def _large_walk(spec: AnyMachine, m: Any, cpu: int, region: int) -> str:
    rights = "rw" if m.superpages.writable[region] else "ro"
    return f"TLB miss: a large entry for {_region(m, region)}, {rights}"


def _large_fault(spec: AnyMachine, m: Any, cpu: int, vpn: int) -> str:
    region = m.superpages.region_of[vpn]
    what = "the TLB's entry goes" if m.superpages.writable[region] else f"{_region(m, region)} is split"
    return f"write fault on vpn {vpn}, large: {what}"


def _view_fault(spec: AnyMachine, m: Any, cpu: int, vpn: int) -> str:
    page = m.source.table.frame[vpn]
    marked = "marked dirty, writable again" if not spec.permits(m, page) else "the entry is copied afresh"
    return f"write fault on vpn {vpn} (pfn {page}) in the alternate view: {marked}"


def _view_switch(spec: AnyMachine, m: Any, cpu: int) -> str:
    return f"go over to the {'host' if m.views.alternate[cpu] else 'alternate'} view"


_LOG: Phrases = {
    "log_enable": lambda spec, m: "ENABLE: log-dirty mode is on for the migration",
    "enable_revoke": lambda spec, m, vpn: f"ENABLE revokes write access: vpn {vpn} (pfn {m.shadow.frame[vpn]})",
    "enable_flush": lambda spec, m, cpu: f"ENABLE flushes vCPU {cpu}'s TLB",
    "fault_look": lambda spec, m, cpu: "a fault reads, before it has the lock, that the mode is off",
    "track_start": lambda spec, m: "the tracking of video memory starts",
    "track_clean": lambda spec, m, page: f"the tracker takes its bit of pfn {page}, which is read-only again",
    "track_stop": lambda spec, m: "the tracking of video memory stops",
    "log_teardown": lambda spec, m: "log-dirty mode is torn down",
    "memory_runs_out": lambda spec, m: "no memory is left for the log",
    "memory_comes_back": lambda spec, m: "there is memory for the log again",
    "harvest_refused": lambda spec, m: "the harvest fails for want of memory: the migration is given up",
}
_TABLES: Phrases = {
    "large_fill": lambda spec, m, region: f"{_region(m, region)} is mapped large",
    "large_walk": _large_walk,
    "large_store": _large_store,
    "large_fault": _large_fault,
    "large_protect": lambda spec, m, region: f"ENABLE makes {_region(m, region)} read-only as a whole",
    "large_split": lambda spec, m, region: f"{_region(m, region)} is split",
    "large_merge": lambda spec, m, region: f"the small entries of {_region(m, region)} go, to be merged",
    "large_flush": lambda spec, m, cpu, region: f"vCPU {cpu}'s TLB is flushed of {_region(m, region)}",
    "view_switch": _view_switch,
    "view_fill": lambda spec, m, vpn: f"alternate view filled from the host's: vpn {vpn} (pfn {m.shadow.frame[vpn]})",
    "view_fault": _view_fault,
    "view_revoke": lambda spec, m, vpn: f"revoke write access in the alternate view: vpn {vpn}",
}
PHRASES: Phrases = {**_LOG, **_TABLES}
