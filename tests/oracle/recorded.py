"""Small event files for tests."""

import json
from typing import Any

_PAGE = {"block": "ram", "pfn": 0}
EVENTS: list[dict[str, Any]] = [
    {"event": "begin", "version": 1, "blocks": [{"name": "ram", "pages": 1}]},
    {"event": "begin", "version": 1, "blocks": [], "stores": "all"},
    {"event": "store", **_PAGE},
    {"event": "store", **_PAGE, "digest": None, "side": "target"},
    {"event": "send", **_PAGE, "digest": "a", "kind": "zero", "offset": None},
    {"event": "release", **_PAGE},
    {"event": "round"},
    {"event": "pause"},
    {"event": "memory", "side": "source", **_PAGE, "digest": "a"},
    {"event": "discard", **_PAGE, "pages": 1},
    {"event": "commit", "context": False},
    {"event": "activate"},
    {"event": "done"},
    {"event": "abort"},
    {"event": "abort", "runs": False, "told": False},
    {"event": "acknowledge"},
    {"event": "destroy"},
    {"event": "fence"},
    {"event": "lost"},
    {"event": "images", "side": "source", "active": False, "flushed": False},
    {"event": "images", "side": "target", "active": True},
    {"event": "logging", "active": True},
    {"event": "logging", "active": False, "kind": "devices"},
    {"event": "reserve", "active": True},
    {"event": "configure"},
    {"event": "checkpoint"},
    {"event": "resume"},
    {"event": "whole"},
    {"event": "emit", "packet": "1"},
    {"event": "output", "packet": "1"},
    {"event": "takeover"},
    {"event": "takeover", "context": False},
]
"""One line of each kind, with and without what may be left out."""


def event_file(sent: str) -> bytes:
    """A migration of one page, of which `sent` was sent and the source has "a"."""
    events: list[dict[str, Any]] = [
        EVENTS[0],
        {"event": "send", **_PAGE, "digest": sent, "offset": 7},
        {"event": "pause"},
        {"event": "memory", "side": "source", **_PAGE, "digest": "a"},
        {"event": "commit"},
        {"event": "activate"},
    ]
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)
