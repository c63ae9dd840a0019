"""Does an input to the reader of QEMU's trace log end otherwise than in a result or the reader's own error?

Or in over a second, or in over 512 MB.

    python fuzz/targets/qemu_trace.py [libFuzzer flags] [corpus folder]
"""

import sys

from fuzz.readers.libfuzzer import fuzz

if __name__ == "__main__":
    fuzz("qemu_trace", sys.argv)
