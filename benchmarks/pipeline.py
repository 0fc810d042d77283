"""Sentences per second of the data pipeline: reading, features made, features found again, and a loop over rows."""

import os
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from datasets import Dataset
from transformers import PreTrainedTokenizerBase

from benchmarks.case import Case
from benchmarks.corpus import encoder_tokenizer, panx_source
from benchmarks.turns import now
from hf_mixtrain.data import FewShotData, featurize, load_fewshot

__all__ = ["measure_pipeline"]

_MAX_LENGTH = 128


def measure_pipeline(case: Case) -> dict[str, Any]:
    """Make the features of PAN-X's source train set and test sets, ``case.rounds`` times, each time from nothing.

    ``read``: `load_fewshot` with an empty cache; ``features``: `featurize` after it; ``read again`` and ``features
    again``: both with what they kept; ``loop over rows``: one call of the tokenizer for each row that is in memory
    already, and the labels by its word numbers, as the examples of `transformers` do it.

    Returns:
        ``seconds`` and ``cpu_seconds``: for each way one number a round; ``sentences``: how many there are.
    """
    tokenizer = encoder_tokenizer()
    seconds: dict[str, list[float]] = {}
    cpu_seconds: dict[str, list[float]] = {}
    sentences = 0

    def timed(name: str, do: Callable[[], Any]) -> Any:
        start = now()
        result = do()
        taken = now().since(start)
        seconds.setdefault(name, []).append(taken.wall)
        cpu_seconds.setdefault(name, []).append(taken.cpu)
        return result

    for _ in range(case.rounds):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["HF_MIXTRAIN_CACHE"] = folder

            data = timed("read", partial(_read, case))
            timed("features", partial(_features, data, tokenizer))
            timed("read again", partial(_read, case))
            timed("features again", partial(_features, data, tokenizer))
            columns = [(rows["tokens"][:], rows["tags"][:]) for rows in _parts(data)]
            timed("loop over rows", partial(_loop, columns, tokenizer))
            sentences = sum(map(len, _parts(data)))
    source = "demo" if panx_source() == "demo" else "XTREME"
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "sentences": sentences, "source": source}


def _read(case: Case) -> FewShotData:
    return load_fewshot("panx", shots=case.shots, seed=1, source=panx_source(), max_eval_examples=case.rows)


def _parts(data: FewShotData) -> list[Dataset]:
    return [data.train, *data.shots.values(), *data.test.values()]


def _features(data: FewShotData, tokenizer: PreTrainedTokenizerBase) -> None:
    for rows in _parts(data):
        featurize(data.task, rows, tokenizer, training=False, max_length=_MAX_LENGTH)


def _loop(columns: Iterable[tuple[list, list]], tokenizer: PreTrainedTokenizerBase) -> list[dict[str, Any]]:
    features = []
    for sentences, tags in columns:
        for words, labels in zip(sentences, tags, strict=True):
            encoding = tokenizer(words, is_split_into_words=True, truncation=True, max_length=_MAX_LENGTH)
            before, marks = None, []
            for word in encoding.word_ids():
                marks.append(-100 if word is None or word == before else labels[word])
                before = word
            features.append({"input_ids": encoding["input_ids"], "labels": marks})
    return features
