"""``python -m hf_mixtrain`` is ``hf-mixtrain``."""

import sys

from hf_mixtrain.commands.main import main

if __name__ == "__main__":
    sys.exit(main())
