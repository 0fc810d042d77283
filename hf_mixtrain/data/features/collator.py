"""Batches: pads each to its own longest feature, and leaves out the columns that no model takes."""

from dataclasses import dataclass
from typing import Any

from transformers import DataCollatorForTokenClassification, DataCollatorWithPadding, PreTrainedTokenizerBase

from hf_mixtrain.data.task import Task

_TARGETS = ("labels", "start_positions", "end_positions")


@dataclass
class _OnlyModelInputs:
    collate: DataCollatorForTokenClassification | DataCollatorWithPadding

    def __call__(self, features: list[dict[str, Any]]) -> dict[str, Any]:
        wanted = {*self.collate.tokenizer.model_input_names, *_TARGETS}
        return self.collate([{name: row[name] for name in row if name in wanted} for row in features])


def data_collator(task: Task, tokenizer: PreTrainedTokenizerBase) -> _OnlyModelInputs:
    """Return what makes batches of the features of ``task``; it goes to a `Trainer` as ``data_collator``.

    Args:
        task: The task; tagging pads the labels too.
        tokenizer: Knows the padding token and the inputs of the model.

    Returns:
        A callable from a list of features to a dict of tensors. Columns such as ``language`` and ``row`` are left out.

    Example:
        >>> from transformers import PreTrainedTokenizerFast
        >>> from tokenizers import Tokenizer, models, pre_tokenizers
        >>> words = {"[UNK]": 0, "[PAD]": 1, "Ann": 2, "lives": 3, "in": 4, "York": 5}
        >>> backend = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
        >>> backend.pre_tokenizer = pre_tokenizers.Whitespace()
        >>> tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]", pad_token="[PAD]")
        >>> from hf_mixtrain.data import load_task
        >>> collate = data_collator(load_task("panx"), tokenizer)
        >>> batch = collate([{"input_ids": [2, 3], "labels": [1, 0]}, {"input_ids": [2], "labels": [1]}])
        >>> batch["input_ids"].tolist(), batch["labels"].tolist()
        ([[2, 3], [2, 1]], [[1, 0], [1, -100]])
    """
    kind = DataCollatorForTokenClassification if task.kind == "token-classification" else DataCollatorWithPadding
    return _OnlyModelInputs(kind(tokenizer))
