"""Does the fast judge say of drawn events what the stepwise one says, in lines and in columns?

Or in over a second, or in over 512 MB.

    python fuzz/targets/fast.py [libFuzzer flags] [corpus folder]
    python -m fuzz.readers.campaign --target fast --inputs 10000    # without atheris
"""

import sys

from fuzz.readers.libfuzzer import fuzz

if __name__ == "__main__":
    fuzz("fast", sys.argv)
