"""Few-shot cross-lingual transfer on XTREME's tasks; ``--help`` says how. The same as ``hf-mixtrain run``."""

import sys

from hf_mixtrain.commands.main import main

if __name__ == "__main__":
    sys.exit(main(["run", *sys.argv[1:]]))
