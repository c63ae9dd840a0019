"""What devices do to guest memory, and the guest to their addresses."""

from typing import Any

from refmodel.migration import AnyMachine
from refmodel.schedules.phrases.phrases import Phrases

__all__ = ["PHRASES"]


def _connect(spec: AnyMachine, m: Any, dev: int, able: int) -> str:
    return f"another backend takes device {dev}; it {'can' if able else 'cannot'} log"


def _write(spec: AnyMachine, m: Any, dev: int, iova: int, page: int, word: int, value: int) -> str:
    return f"device {dev} writes iova {iova} word {word} := {value} (pfn {page})"


def _complete(spec: AnyMachine, m: Any, dev: int, iova: int, page: int) -> str:
    logs = f", and logs iova {iova}" if m.devices.logging[dev] else ""
    return f"device {dev} completes what it wrote to pfn {page}{logs}"


def _drain(spec: AnyMachine, m: Any, dev: int, iova: int, page: int) -> str:
    return f"drained: {_complete(spec, m, dev, iova, page)}"


def _unmap(spec: AnyMachine, m: Any, iova: int, page: int) -> str:
    returned = ", which returns its entry of the log" if m.devices.dirty[iova, page] else ""
    return f"unmap iova {iova} (pfn {page}){returned}"


PHRASES: Phrases = {
    "connect_backend": _connect,
    "device_start_log": lambda spec, m, dev: f"device {dev} is told to log",
    "dma_write": _write,
    "dma_complete": _complete,
    "device_drain": _drain,
    "iova_map": lambda spec, m, iova, page: f"map iova {iova} to pfn {page}",
    "iova_unmap": _unmap,
}
