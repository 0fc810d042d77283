"""Few-shot cross-lingual transfer on XTREME's tasks; ``--help`` says how."""

import sys

from hf_mixtrain.commands.main import call
from hf_mixtrain.commands.run import main

if __name__ == "__main__":
    sys.exit(call(main, sys.argv[1:]))
