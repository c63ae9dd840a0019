"""Does the symbolic lifting say of every state and step what the concrete machine says?

python fuzz/targets/lifting.py [--machine NAME|all] [--variant NAME] [libFuzzer flags] [corpus folder]
"""

import sys

from fuzz.questions.libfuzzer import fuzz

if __name__ == "__main__":
    fuzz("lifting", sys.argv)
