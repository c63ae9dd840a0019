"""Does an input to the reader of Xen's call log and bitmaps end otherwise than in a result or the reader's own error?

Or in over a second, or in over 512 MB.

    python fuzz/targets/xen_log.py [libFuzzer flags] [corpus folder]
"""

import sys

from fuzz.readers.libfuzzer import fuzz

if __name__ == "__main__":
    fuzz("xen_log", sys.argv)
