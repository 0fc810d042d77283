"""Scores of taggers: entities (seqeval) and part-of-speech tags (accuracy, and XTREME's F1)."""

import warnings
from collections import defaultdict
from collections.abc import Sequence

import evaluate
from datasets import Features, List, Value
from seqeval.metrics.sequence_labeling import get_entities

from hf_mixtrain.errors import InputError
from hf_mixtrain.metrics.in_memory import InMemoryMetric

_TAGS = Features({"predictions": List(Value("string")), "references": List(Value("string"))})
_ENTITY_PREFIXES = ("B-", "I-", "E-", "S-")
_SEQEVAL = """@misc{seqeval, title={{seqeval}: A Python framework for sequence labeling evaluation},
url={https://github.com/chakki-works/seqeval}, author={Hiroki Nakayama}, year={2018}}"""
_UD = """@inproceedings{petrov2012universal, title={A Universal Part-of-Speech Tagset},
author={Petrov, Slav and Das, Dipanjan and McDonald, Ryan}, booktitle={LREC}, year={2012}}"""
_Tags = Sequence[Sequence[str]]


class EntityF1(InMemoryMetric):
    """Precision, recall and F1 of named entities, micro-averaged over all entities, as seqeval counts them.

    An entity is right when its type and both ends are right. Spans are read by seqeval's default rules (those of
    ``conlleval``): an ``I-X`` that follows no ``X`` opens an entity, so a sequence that is not valid IOB2 is scored and
    never repaired or refused. Where there is nothing to divide by, the score is 0, as in seqeval, without its warning.

    Source: seqeval 1.2.2, mode "default"; the scores of XTREME's NER task.

    ``compute`` returns, all from 0 to 1, ``f1``, ``precision``, ``recall``, and ``f1_<type>`` for every entity type in
    the references or predictions. Refused with `InputError`: sentences of different lengths, and tags other than ``O``
    and those that begin with ``B-``, ``I-``, ``E-`` or ``S-``.

    Example:
        >>> scores = EntityF1().compute(
        ...     predictions=[["B-PER", "I-PER", "O", "B-LOC"]], references=[["B-PER", "I-PER", "O", "B-ORG"]]
        ... )
        >>> scores["f1"], scores["f1_PER"], scores["f1_ORG"]
        (0.5, 1.0, 0.0)
    """

    keys = ("f1", "precision", "recall")

    def _info(self) -> evaluate.MetricInfo:
        return self._described(_TAGS, _SEQEVAL)

    def _compute(self, predictions: _Tags, references: _Tags) -> dict[str, float]:
        _check_lengths(predictions, references)
        for tag in {tag for rows in (references, predictions) for row in rows for tag in row}:
            if tag != "O" and not tag.startswith(_ENTITY_PREFIXES):
                raise InputError(
                    f"Expected entity tags such as O, B-PER, I-PER. Got {tag!r}. "
                    "Give label names, not ids; score tags without B- and I- with PosTagging."
                )
        counts = _count_spans(predictions, references)
        return _prf(*map(sum, zip(*counts.values(), strict=True))) | {
            f"f1_{kind}": _prf(*count)["f1"] for kind, count in sorted(counts.items())
        }


class PosTagging(InMemoryMetric):
    """Token accuracy of tags, and the span F1 that XTREME reports for its part-of-speech task.

    ``accuracy`` is the share of tokens whose tag is right. ``f1``, ``precision`` and ``recall`` are seqeval's on bare
    tags, which is what XTREME and the paper's code compute. seqeval takes the first letter of a tag for the chunk
    prefix: a run of one tag is one span (``NOUN NOUN``), ``SYM`` and ``SCONJ`` look like single-token spans (``S-``),
    and a one-letter tag has no type: an ``X`` that ends a sentence is not counted, one that begins a sentence is
    counted from the start of the span before it, so that the order of sentences can move the last digits. Accuracy and
    F1 are different quantities, and F1 is mostly the lower one: compare like with like.

    Source: seqeval 1.2.2 as called by XTREME's ``run_tag.py``; google-research/xtreme issue 56.

    ``compute`` returns, all from 0 to 1, ``accuracy``, ``f1``, ``precision`` and ``recall``. Sentences of different
    lengths are refused with `InputError`.

    Example:
        >>> scores = PosTagging().compute(
        ...     predictions=[["DET", "NOUN", "NOUN", "VERB", "PUNCT"]],
        ...     references=[["DET", "NOUN", "VERB", "VERB", "PUNCT"]],
        ... )
        >>> scores["accuracy"], scores["f1"]
        (0.8, 0.5)
    """

    keys = ("f1", "precision", "recall", "accuracy")

    def _info(self) -> evaluate.MetricInfo:
        return self._described(_TAGS, f"{_SEQEVAL}\n{_UD}")

    def _compute(self, predictions: _Tags, references: _Tags) -> dict[str, float]:
        _check_lengths(predictions, references)
        total = sum(map(len, references))
        right = sum(p == r for ps, rs in zip(predictions, references, strict=True) for p, r in zip(ps, rs, strict=True))
        counts = _count_spans(predictions, references)
        return _prf(*map(sum, zip(*counts.values(), strict=True))) | {"accuracy": right / total if total else 0.0}


def _check_lengths(predictions: _Tags, references: _Tags) -> None:
    for row, (predicted, reference) in enumerate(zip(predictions, references, strict=True)):
        if len(predicted) != len(reference):
            raise InputError(
                f"Expected one predicted tag for each of the {len(reference)} tags of sentence {row}. "
                f"Got {len(predicted)}. Predict a tag for every word."
            )


def _count_spans(predictions: _Tags, references: _Tags) -> dict[str, tuple[int, int, int]]:
    """Count per type the spans that are right, predicted and in the references; seqeval finds the spans."""
    found = []
    for rows in (predictions, references):
        spans = defaultdict(set)
        # `PosTagging` means to give tags without B- and I-; `EntityF1` has refused them.
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".* seems not to be NE tag")
            for kind, start, end in get_entities([list(row) for row in rows]):
                spans[kind].add((start, end))
        found.append(spans)
    predicted, gold = found
    return {
        kind: (len(predicted[kind] & gold[kind]), len(predicted[kind]), len(gold[kind])) for kind in {*predicted, *gold}
    }


def _prf(right: int = 0, predicted: int = 0, gold: int = 0) -> dict[str, float]:
    """Turn counts into scores; what cannot be divided is 0."""
    return {
        "f1": 2 * right / (predicted + gold) if predicted + gold else 0.0,
        "precision": right / predicted if predicted else 0.0,
        "recall": right / gold if gold else 0.0,
    }
