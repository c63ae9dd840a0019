"""Does an input to the truth's reader end otherwise than in a result or the reader's own error?

Or in over a second, or in over 512 MB.

    python fuzz/targets/qemu_truth.py [libFuzzer flags] [corpus folder]
"""

import sys

from fuzz.readers.libfuzzer import fuzz

if __name__ == "__main__":
    fuzz("qemu_truth", sys.argv)
