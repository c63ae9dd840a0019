"""Is every folder of QEMU judged, and none accepted whose stream differs from its truth?

Or in over a second, or in over 512 MB.

    python fuzz/targets/qemu_folder.py [libFuzzer flags] [corpus folder]
"""

import sys

from fuzz.readers.libfuzzer import fuzz

if __name__ == "__main__":
    fuzz("qemu_folder", sys.argv)
