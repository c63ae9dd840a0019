"""Do the fuzzer, a replay and the search say the same of a schedule?

python fuzz/targets/agreement.py [--machine NAME|all] [--variant NAME] [libFuzzer flags] [corpus folder]
"""

import sys

from fuzz.questions.libfuzzer import fuzz

if __name__ == "__main__":
    fuzz("agreement", sys.argv)
