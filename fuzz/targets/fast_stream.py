"""Does the fast judge say of every stream of QEMU what the stepwise one says?

Or in over a second, or in over 512 MB.

    python fuzz/targets/fast_stream.py [libFuzzer flags] [corpus folder]
    python -m fuzz.readers.campaign --target fast_stream --inputs 10000    # without atheris
"""

import sys

from fuzz.readers.libfuzzer import fuzz

if __name__ == "__main__":
    fuzz("fast_stream", sys.argv)
