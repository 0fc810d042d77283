"""Scores of extracted answers: the rules of SQuAD v1.1 and v2.0, and a fair F1 for scripts written without spaces."""

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
    """Token F1 and exact match of answers by the rules of SQuAD v1.1, and of v2.0 where a question has no answer.

    Answers are lower-cased, freed of ASCII punctuation and of the words a, an and the, and split at white space; of
    several gold answers the best counts. An answer of which nothing is left ("the", "?") shares no token with any
    other, so its ``f1`` is 0, even where both are the same and ``exact_match`` is 1. These English rules are applied to
    every language, as XTREME does for XQuAD and TyDiQA. Chinese, Japanese and Thai answers are then one token each, so
    that ``f1`` is nearly ``exact_match``, and non-ASCII punctuation stays. ``f1_segmented`` says how much of such an
    answer was found: each character of a script that is written without spaces is a token of its own, and all Unicode
    punctuation goes. On ASCII text it equals ``f1``.

    A question without gold answers is right (1) if the predicted answer is empty after normalisation, else wrong (0).

    Source: SQuAD's ``evaluate-v1.1.py`` and ``evaluate-v2.0.py`` (without its search for the best threshold); the idea
    of mixed segmentation is from MLQA (Lewis et al., 2020).
    Differs from ``evaluate``'s own ``squad``: answers are plain strings without ids, scores go from 0 to 1. Differs
    from v2.0: an answer that normalises to nothing is an answer, scored as v1.1 does.

    ``compute`` takes one string for each question as ``predictions`` and all gold answers of each question, or none, as
    ``references``. It returns, all from 0 to 1, ``f1``, ``exact_match`` and ``f1_segmented``; if there are questions
    without an answer, the ``f1`` of those with and of those without too, as ``f1_has_answer`` and ``f1_no_answer``.
    Refused with `InputError`: questions of which none has an answer.

    Example:
        >>> SquadF1().compute(predictions=["the old town"], references=[["An old city", "Old Town."]])
        {'f1': 1.0, 'exact_match': 1.0, 'f1_segmented': 1.0}
        >>> SquadF1().compute(predictions=["東京都"], references=[["東京"]])
        {'f1': 0.0, 'exact_match': 0.0, 'f1_segmented': 0.8}
        >>> SquadF1().compute(predictions=["town", "", "town"], references=[["town"], [], []])["f1_no_answer"]
        0.5
    """

    keys = ("f1", "exact_match", "f1_segmented")

    def _info(self) -> evaluate.MetricInfo:
        features = Features({"predictions": Value("string"), "references": List(Value("string"))})
        return self._described(features, _SQUAD)

    def _compute(self, predictions: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, float]:
        if references and not any(references):
            raise InputError(
                f"Expected gold answers. Got none for any of the {len(references)} questions. "
                "Score questions whose answers are known."
            )
        answered: list[dict[str, float]] = []
        unanswered: list[dict[str, float]] = []
        for prediction, golds in zip(predictions, references, strict=True):
            (answered if golds else unanswered).append(answer_scores(prediction, golds))
        scores = self._means([*answered, *unanswered])
        if unanswered:
            scores |= {"f1_has_answer": self._means(answered)["f1"], "f1_no_answer": self._means(unanswered)["f1"]}
        return scores

    def _means(self, rows: Sequence[dict[str, float]]) -> dict[str, float]:
        return {key: sum(row[key] for row in rows) / len(rows) if rows else 0.0 for key in self.keys}


def answer_scores(prediction: str, golds: Sequence[str]) -> dict[str, float]:
    """The scores of one question by the rules of `SquadF1`: of several gold answers, the best for each score.

    Example:
        >>> answer_scores("old town", ["town"])
        {'f1': 0.6666666666666666, 'exact_match': 0.0, 'f1_segmented': 0.6666666666666666}
        >>> answer_scores("", [])
        {'f1': 1.0, 'exact_match': 1.0, 'f1_segmented': 1.0}
    """
    if not golds:
        return dict.fromkeys(SquadF1.keys, float(not _words(prediction)))
    return {
        "f1": max(_overlap(_words, prediction, gold) for gold in golds),
        "exact_match": max(float(_words(prediction) == _words(gold)) for gold in golds),
        "f1_segmented": max(_overlap(_segments, prediction, gold) for gold in golds),
    }


def _overlap(split: Callable[[str], list[str]], prediction: str, gold: str) -> float:
    """Return the F1 of the two bags of tokens; 0 if they share none."""
    predicted, reference = split(prediction), split(gold)
    common = sum((Counter(predicted) & Counter(reference)).values())
    return 2 * common / (len(predicted) + len(reference)) if common else 0.0


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
