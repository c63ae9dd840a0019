"""Does an input to the event file's reader, its JSON mutated end otherwise than in a result or the reader's own error?

Or in over a second, or in over 512 MB.

    python fuzz/targets/events_json.py [libFuzzer flags] [corpus folder]
"""

import sys

from fuzz.readers.libfuzzer import fuzz

if __name__ == "__main__":
    fuzz("events_json", sys.argv)
