"""Real sentences and a real tokenizer, whichever the machine has."""

import os

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from hf_mixtrain.encoders import resolve_model

__all__ = ["encoder_tokenizer", "panx_source"]


def panx_source() -> str:
    """Return the folder in XTREME's layout that ``HF_MIXTRAIN_XTREME_DIR`` names, else ``"demo"``.

    Example:
        >>> with __import__("pytest").MonkeyPatch.context() as patch:
        ...     patch.delenv("HF_MIXTRAIN_XTREME_DIR", raising=False)
        ...     panx_source()
        'demo'
    """
    return os.environ.get("HF_MIXTRAIN_XTREME_DIR") or "demo"


def encoder_tokenizer() -> PreTrainedTokenizerBase:
    """Return the tokenizer of the embedded multilingual-e5-small (extra ``demo``), with 250,037 pieces."""
    return AutoTokenizer.from_pretrained(resolve_model("embedded:multilingual-e5-small"))
