"""Scores of extracted answers: SQuAD v1.1's rules, and a fair F1 for scripts written without spaces."""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache

import evaluate
from datasets import Features, List, Value

from hf_mixtrain.errors import InputError
from hf_mixtrain.metrics.in_memory import InMemoryMetric

_SQUAD = """@inproceedings{rajpurkar2016squad, title={{SQuAD}: 100,000+ Questions for Machine Comprehension of Text},
author={Rajpurkar, Pranav and Zhang, Jian and Lopyrev, Konstantin and Liang, Percy}, booktitle={EMNLP}, year={2016}}"""
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_ASCII_PUNCTUATION = frozenset(string.punctuation)
# First words of the Unicode names of letters that are written without spaces between words.
_UNSPACED = ("CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")


class SquadF1(InMemoryMetric):
    """Token F1 and exact match of answers by the rules of SQuAD v1.1.

    Answers are lower-cased, freed of ASCII punctuation and of the words a, an and the, and split at white space; of
    several gold answers the best counts. These English rules are applied to every language, as XTREME does for XQuAD
    and TyDiQA. Chinese, Japanese and Thai answers are then one token each, so that ``f1`` is nearly ``exact_match``,
    and non-ASCII punctuation stays. ``f1_segmented`` says how much of such an answer was found: each character of a
    script that is written without spaces is a token of its own, and all Unicode punctuation goes. On ASCII text it
    equals ``f1``.

    Source: SQuAD's ``evaluate-v1.1.py``; the idea of mixed segmentation is from MLQA (Lewis et al., 2020).
    Differs from ``evaluate``'s own ``squad``: answers are plain strings without ids, scores go from 0 to 1.

    ``compute`` takes one string for each question as ``predictions`` and all gold answers of each question as
    ``references``. It returns, all from 0 to 1, ``f1``, ``exact_match`` and ``f1_segmented``. A question without a gold
    answer is refused with `InputError`: SQuAD v1.1 has none.

    Example:
        >>> SquadF1().compute(predictions=["the old town"], references=[["An old city", "Old Town."]])
        {'f1': 1.0, 'exact_match': 1.0, 'f1_segmented': 1.0}
        >>> SquadF1().compute(predictions=["東京都"], references=[["東京"]])
        {'f1': 0.0, 'exact_match': 0.0, 'f1_segmented': 0.8}
    """

    keys = ("f1", "exact_match", "f1_segmented")

    def _info(self) -> evaluate.MetricInfo:
        features = Features({"predictions": Value("string"), "references": List(Value("string"))})
        return self._described(features, _SQUAD)

    def _compute(self, predictions: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, float]:
        totals = dict.fromkeys(self.keys, 0.0)
        for row, (prediction, golds) in enumerate(zip(predictions, references, strict=True)):
            if not golds:
                raise InputError(
                    f"Expected at least one gold answer for each question. Got none for question {row}. "
                    "Leave such questions out."
                )
            totals["f1"] += max(_overlap(_words, prediction, gold) for gold in golds)
            totals["exact_match"] += max(float(_words(prediction) == _words(gold)) for gold in golds)
            totals["f1_segmented"] += max(_overlap(_segments, prediction, gold) for gold in golds)
        return {key: total / len(predictions) if predictions else 0.0 for key, total in totals.items()}


def _overlap(split: Callable[[str], list[str]], prediction: str, gold: str) -> float:
    """Return the F1 of the two bags of tokens; two answers without tokens agree."""
    predicted, reference = split(prediction), split(gold)
    common = sum((Counter(predicted) & Counter(reference)).values())
    if not predicted or not reference:
        return float(predicted == reference)
    return 2 * common / (len(predicted) + len(reference))


def _words(text: str) -> list[str]:
    """Normalise and split as SQuAD does."""
    kept = "".join(char for char in text.lower() if char not in _ASCII_PUNCTUATION)
    return _ARTICLES.sub(" ", kept).split()


def _segments(text: str) -> list[str]:
    """Normalise and split as SQuAD does, but drop all punctuation and set unspaced characters apart."""
    return _ARTICLES.sub(" ", "".join(map(_set_apart, text.lower()))).split()


@cache
def _set_apart(char: str) -> str:
    if char in _ASCII_PUNCTUATION or unicodedata.category(char).startswith("P"):
        return ""
    return f" {char} " if unicodedata.name(char, "").startswith(_UNSPACED) else char
