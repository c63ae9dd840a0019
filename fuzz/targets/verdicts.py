"""Does the oracle's verdict on a run's events agree with the run, of right machines and of wrong ones?

python fuzz/targets/verdicts.py [--machine NAME|all] [--variant NAME] [libFuzzer flags] [corpus folder]
"""

import sys

from fuzz.questions.libfuzzer import fuzz

if __name__ == "__main__":
    fuzz("verdicts", sys.argv)
