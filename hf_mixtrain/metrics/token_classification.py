"""Scores of taggers: entities (seqeval), other tags, and XTREME's part-of-speech task."""

import warnings
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain

import evaluate
from datasets import Features, List, Value
from seqeval.metrics.sequence_labeling import get_entities

from hf_mixtrain.errors import InputError
from hf_mixtrain.metrics.in_memory import InMemoryMetric
from hf_mixtrain.metrics.text_classification import Accuracy, label_scores

_TAGS = Features({"predictions": List(Value("string")), "references": List(Value("string"))})
_PREFIXES = frozenset("BIESMLU")
# Those of other schemes by the name that seqeval knows.
_SEQEVAL_PREFIXES = {"M": "I", "L": "E", "U": "S"}
_SEQEVAL = """@misc{seqeval, title={{seqeval}: A Python framework for sequence labeling evaluation},
url={https://github.com/chakki-works/seqeval}, author={Hiroki Nakayama}, year={2018}}"""
_UD = """@inproceedings{petrov2012universal, title={A Universal Part-of-Speech Tagset},
author={Petrov, Slav and Das, Dipanjan and McDonald, Ryan}, booktitle={LREC}, year={2012}}"""
_Tags = Sequence[Sequence[str]]


class EntityF1(InMemoryMetric):
    """Precision, recall and F1 of named entities, micro-averaged over all entities, as seqeval counts them.

    An entity is right when its type and both ends are right. Spans are read by seqeval's default rules (those of
    ``conlleval``): an ``I-X`` that follows no ``X`` opens an entity, so a sequence that is not valid IOB2 is scored and
    never repaired or refused. ``M-`` is read as ``I-``, ``L-`` as ``E-``, ``U-`` as ``S-``. If no tag of any sentence
    has a prefix, a run of one tag is one entity (``O PER PER O``); two of one type that touch cannot be told apart
    then. Where there is nothing to divide by, the score is 0, as in seqeval, without its warning.

    Source: seqeval 1.2.2, mode "default"; the scores of XTREME's NER task.

    ``compute`` returns, all from 0 to 1, ``f1``, ``precision``, ``recall``, and ``f1_<type>`` for every entity type in
    the references or predictions. Refused with `InputError`: sentences of different lengths, numbers in place of
    tags, and tags with and without the prefixes ``B- I- E- S- M- L- U-`` together.

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
        counts = _count_spans(*_with_prefixes(predictions, references))
        return _prf(*map(sum, zip(*counts.values(), strict=True))) | {
            f"f1_{kind}": _prf(*count)["f1"] for kind, count in sorted(counts.items())
        }


class TagAccuracy(InMemoryMetric):
    """Share of tokens whose tag is right, in all and for each tag of the references, and two averages of F1.

    ``macro_f1`` is the mean of the F1 of all tags in the references or predictions, each token being one decision;
    ``weighted_f1`` is the same weighted by their tokens in the references.

    Source: ``f1_score`` of scikit-learn with ``zero_division=0``.

    ``compute`` returns, all from 0 to 1, ``accuracy``, ``macro_f1``, ``weighted_f1``, and ``accuracy_<tag>`` for every
    tag in the references. Sentences of different lengths are refused with `InputError`.

    Example:
        >>> scores = TagAccuracy().compute(predictions=[["NN", "WDT", "JJ"]], references=[["NN", "PDT", "JJ"]])
        >>> round(scores["accuracy"], 3), scores["macro_f1"], scores["accuracy_PDT"]
        (0.667, 0.5, 0.0)
    """

    keys = Accuracy.keys

    def _info(self) -> evaluate.MetricInfo:
        return self._described(_TAGS, _UD)

    def _compute(self, predictions: _Tags, references: _Tags) -> dict[str, float]:
        _check_lengths(predictions, references)
        return label_scores(list(chain.from_iterable(predictions)), list(chain.from_iterable(references)))


class PosTagging(InMemoryMetric):
    """XTREME's scores of its part-of-speech task: a span F1 with oddities, and token accuracy beside it.

    ``accuracy`` is the share of tokens whose tag is right. ``f1``, ``precision`` and ``recall`` are seqeval's on bare
    tags, which is what XTREME and the paper's code compute; they are here to be compared with published numbers of
    XTREME and with nothing else. seqeval takes the first letter of a tag for the chunk prefix. So

    - a run of one tag is one span: ``NOUN NOUN`` against ``NOUN VERB`` loses a span of two tokens;
    - tags are told apart without their first letter: ``CCONJ`` counts for ``SCONJ``, but for where spans begin;
    - ``SYM`` and ``SCONJ`` look like single-token spans (``S-``): two ``SYM`` are two spans, two ``NUM`` are one;
    - a one-letter tag has no type: an ``X`` that ends a sentence is not counted, one that begins a sentence is counted
      from the start of the span before it, so that the order of sentences can move the last digits.

    Other tag sets lose far more (``VB`` and ``RB`` would be the same tag): score those with `TagAccuracy`.

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


def has_prefix(tag: str) -> bool:
    """Whether a tag has the prefix of a tagging scheme: IOB, IOBES, BMES or BILOU.

    Example:
        >>> [has_prefix(tag) for tag in ("B-PER", "U-PER", "PER", "O", "X-ray", "B-")]
        [True, True, False, False, False, False]
    """
    return len(tag) > 2 and tag[0] in _PREFIXES and tag[1] == "-"


def span_counts(predicted: Sequence[str], reference: Sequence[str], *, xtreme: bool = False) -> tuple[int, int, int]:
    """Count the spans of one sentence: right, predicted, in the reference.

    Args:
        predicted: Its predicted tags.
        reference: Its tags, as many.
        xtreme: Read spans as `PosTagging` does, not as `EntityF1`.

    Example:
        >>> span_counts(["B-PER", "O"], ["B-PER", "B-LOC"])
        (1, 1, 2)
    """
    tags: tuple[_Tags, _Tags] = ([predicted], [reference])
    counts = _count_spans(*(tags if xtreme else _with_prefixes(*tags))).values()
    return sum(c[0] for c in counts), sum(c[1] for c in counts), sum(c[2] for c in counts)


def _with_prefixes(predictions: _Tags, references: _Tags) -> tuple[_Tags, _Tags]:
    """Both with the prefixes that seqeval knows."""
    tags = {tag for rows in (predictions, references) for row in rows for tag in row} - {"O"}
    bare = sorted(tag for tag in tags if not has_prefix(tag))
    if bare and (len(bare) < len(tags) or any(tag.isdecimal() for tag in bare)):
        raise InputError(
            f"Expected entity tags such as O, B-PER, I-PER, or O, PER without any prefix. Got {bare[0]!r}. "
            "Give label names, not ids; score part-of-speech tags with TagAccuracy."
        )
    names = {tag: f"I-{tag}" if bare else _SEQEVAL_PREFIXES.get(tag[0], tag[0]) + tag[1:] for tag in tags} | {"O": "O"}
    return tuple([[names[tag] for tag in row] for row in rows] for rows in (predictions, references))  # type: ignore


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
