"""Few-shot cross-lingual transfer on XTREME's tasks; ``--help`` says how. The same as ``hf-mixtrain run``."""

import sys

from hf_mixtrain.commands.script import script

if __name__ == "__main__":
    script(["run", *sys.argv[1:]])
