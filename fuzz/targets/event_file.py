"""Is every event file judged, and none accepted whose last sends differ from the source's memory?

Or in over a second, or in over 512 MB.

    python fuzz/targets/event_file.py [libFuzzer flags] [corpus folder]
"""

import sys

from fuzz.readers.libfuzzer import fuzz

if __name__ == "__main__":
    fuzz("event_file", sys.argv)
