"""Is every folder of Xen judged, and none accepted whose stream differs from the source's memory?

Or in over a second, or in over 512 MB.

    python fuzz/targets/xen_folder.py [libFuzzer flags] [corpus folder]
"""

import sys

from fuzz.readers.libfuzzer import fuzz

if __name__ == "__main__":
    fuzz("xen_folder", sys.argv)
