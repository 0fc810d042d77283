"""How many tokens a model can read at most."""

from typing import Any

# Their first positions are kept for padding, so that they read fewer tokens than they have positions.
_OFFSET = {
    "camembert", "data2vec-text", "esm", "ibert", "longformer", "luke", "mluke", "mpnet", "roberta",
    "roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "xmod",
}  # fmt: skip
# Their positions are relative: `max_position_embeddings` is no limit.
_RELATIVE = {"deberta", "deberta-v2", "t5", "mt5", "umt5", "xlnet", "transfo-xl", "funnel"}


def longest_input(config: Any, tokenizer_limit: int | None = None) -> int | None:
    """Return the most tokens, special ones included, that a model reads; None if nothing limits them.

    Args:
        config: The model's configuration.
        tokenizer_limit: ``model_max_length`` of its tokenizer; a number above a million stands for none.

    Example:
        >>> from transformers import XLMRobertaConfig
        >>> longest_input(XLMRobertaConfig(max_position_embeddings=514, pad_token_id=1))
        512
    """
    kind = getattr(config, "model_type", "")
    limits = []
    positions = getattr(config, "max_position_embeddings", None)
    if kind not in _RELATIVE and isinstance(positions, int) and positions > 0:
        pad = getattr(config, "pad_token_id", None)
        limits.append(positions - (1 + (1 if pad is None else pad) if kind in _OFFSET else 0))
    if tokenizer_limit is not None and 0 < tokenizer_limit < 10**6:
        limits.append(int(tokenizer_limit))
    return min(limits, default=None)
