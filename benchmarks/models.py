"""Token classifiers in the shapes of real encoders, with random weights, and random rows for them."""

import torch
from transformers import AutoConfig, AutoModelForTokenClassification, PreTrainedModel

__all__ = ["LABELS", "SHAPES", "new_model", "random_rows"]

#: PAN-X has seven tags.
LABELS = 7

_E5 = {
    "model_type": "bert",
    "hidden_size": 384,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
    "vocab_size": 250_037,
}
_XLMR = {
    "model_type": "xlm-roberta",
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "vocab_size": 250_002,
    "max_position_embeddings": 514,
}
#: Name → configuration. ``e5-12k`` is e5 with a trimmed vocabulary, ``tiny`` is for tests,
#: ``xlmr-large-tree`` has the modules of XLM-R large, each tiny.
SHAPES: dict[str, dict] = {
    "tiny": _E5 | {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 500},
    "e5-12k": _E5 | {"vocab_size": 12_000},
    "e5": _E5,
    "xlmr-base": _XLMR,
    "xlmr-large": _XLMR
    | {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096},
    "xlmr-large-tree": _XLMR
    | {
        "hidden_size": 16,
        "num_hidden_layers": 24,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "vocab_size": 500,
    },
}


def new_model(shape: str) -> PreTrainedModel:
    """Return a token classifier with random weights, in float32.

    Args:
        shape: A name of `SHAPES`.

    Example:
        >>> new_model("tiny").config.num_labels
        7
    """
    torch.manual_seed(0)
    return AutoModelForTokenClassification.from_config(AutoConfig.for_model(num_labels=LABELS, **SHAPES[shape]))


def random_rows(shape: str, count: int, tokens: int, *, seed: int) -> list[dict]:
    """Return rows of equal length with random tokens, which is the hardest case for tables touched by row.

    Args:
        shape: A name of `SHAPES`; its vocabulary is drawn from.
        count: Number of rows.
        tokens: Length of each.
        seed: Decides the tokens and labels.

    Example:
        >>> row = random_rows("tiny", 1, 3, seed=0)[0]
        >>> {name: len(values) for name, values in row.items()}
        {'input_ids': 3, 'attention_mask': 3, 'labels': 3}
    """
    generator = torch.Generator().manual_seed(seed)
    # The first numbers are special tokens: the padding token has no position of its own in XLM-R.
    ids = torch.randint(5, SHAPES[shape]["vocab_size"], (count, tokens), generator=generator)
    labels = torch.randint(0, LABELS, (count, tokens), generator=generator)
    return [
        {"input_ids": row, "attention_mask": [1] * tokens, "labels": tags}
        for row, tags in zip(ids.tolist(), labels.tolist(), strict=True)
    ]
