"""What comes over beside memory and registers: images, and requests to devices."""

from refmodel.schedules.phrases.phrases import Phrases

__all__ = ["PHRASES"]

PHRASES: Phrases = {
    "disk_write": lambda spec, m: "write to the disk: for now in the host's cache",
    "inactivate_images": lambda spec, m: "flush, and let the images go",
    "request_submit": lambda spec, m, dev: f"submit a request to device {dev}",
    "request_write": lambda spec, m, dev, page, word, value: f"device {dev} writes pfn {page} word {word} := {value}",
    "request_mark": lambda spec, m, dev, page: f"device {dev} is done with pfn {page}: mark it",
    "request_complete": lambda spec, m, dev: f"device {dev}'s request is complete",
    "request_drain": lambda spec, m, dev, page: f"drain device {dev}: mark pfn {page}, complete",
    "request_carry": lambda spec, m, dev: f"device {dev}'s state travels, with the request that it has not begun",
    "request_replay": lambda spec, m, dev, vpn, word, value: (
        f"device {dev} does the request at the target: pfn {m.target.table.frame[vpn]} word {word} := {value}"
    ),
}
