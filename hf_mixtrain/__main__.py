"""``python -m hf_mixtrain`` is ``hf-mixtrain``."""

from hf_mixtrain.commands.script import script

if __name__ == "__main__":
    script()
