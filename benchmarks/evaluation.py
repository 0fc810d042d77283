"""Sentences per second of the project's evaluation, against rows that are all padded to the longest possible."""

import os
import tempfile
from functools import partial
from typing import Any, cast

import numpy as np
from datasets import Dataset
from transformers import PreTrainedTokenizerBase, Trainer, TrainingArguments, default_data_collator

from benchmarks.case import Case
from benchmarks.corpus import encoder_tokenizer, panx_source
from benchmarks.models import new_model
from benchmarks.turns import now
from hf_mixtrain.data import featurize, load_fewshot
from hf_mixtrain.evaluation import predict

__all__ = ["measure_evaluation"]

_MAX_LENGTH = 128
_BATCH = 32


def measure_evaluation(case: Case) -> dict[str, Any]:
    """Predict the tags of some test sentences of each of some languages, in both ways in turns.

    Each way runs over every language; features are made before. The static way is `Trainer.predict` on rows padded to
    128 tokens, 32 a batch, and the likeliest tag of every token.

    Returns:
        ``seconds`` and ``cpu_seconds``: for each way one number a language; ``sentences``: how many there are of each;
        ``tokens``: their mean length in tokens; ``source``: where they come from.
    """
    source, tokenizer = panx_source(), encoder_tokenizer()
    seconds: dict[str, list[float]] = {"static padding": [], "ours": []}
    cpu_seconds: dict[str, list[float]] = {"static padding": [], "ours": []}
    lengths: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_MIXTRAIN_CACHE"] = folder
        data = load_fewshot("panx", shots=0, seed=1, source=source, max_eval_examples=case.rows)
        trainer = _trainer(case, folder)
        languages = data.languages[:: max(1, len(data.languages) // case.languages)][: case.languages]
        for language in languages:
            raw = data.test[language]
            features = featurize(data.task, raw, tokenizer, training=False, max_length=_MAX_LENGTH)
            lengths += features["length"][:]
            static = _padded(features, tokenizer)
            ways = {
                "static padding": partial(_static, trainer, static),
                "ours": partial(predict, trainer, data.task, raw, tokenizer, max_length=_MAX_LENGTH),
            }
            for name, way in ways.items():
                start = now()
                way()
                taken = now().since(start)
                seconds[name].append(taken.wall)
                cpu_seconds[name].append(taken.cpu)
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "sentences": [len(data.test[language]) for language in languages],
        "tokens": float(np.mean(lengths)),
        "source": "demo" if source == "demo" else "XTREME",
    }


def _static(trainer: Trainer, rows: Any) -> Any:
    return cast(np.ndarray, trainer.predict(rows).predictions).argmax(-1)


def _trainer(case: Case, folder: str) -> Trainer:
    arguments = TrainingArguments(
        folder,
        per_device_eval_batch_size=_BATCH,
        bf16=case.precision == "bf16",
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )
    return Trainer(new_model(case.shape), arguments, data_collator=default_data_collator)


def _padded(features: Dataset, tokenizer: PreTrainedTokenizerBase) -> list[dict]:
    rows = []
    for feature in features:
        rest = _MAX_LENGTH - len(feature["input_ids"])
        rows.append(
            {
                "input_ids": feature["input_ids"] + [tokenizer.pad_token_id] * rest,
                "attention_mask": feature["attention_mask"] + [0] * rest,
                "labels": feature["labels"] + [-100] * rest,
            }
        )
    return rows
