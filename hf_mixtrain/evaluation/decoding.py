"""From scores of single words to the tags of a sentence: word by word, or the best sequence as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np

from hf_mixtrain.errors import InputError

Rule = Literal["argmax", "legal", "transitions"]
RULES: tuple[Rule, ...] = get_args(Rule)

#: Weight of the log probabilities of transitions beside the model's own. From 0.15 to 0.6 it hardly matters.
WEIGHT = 0.3
# Sentences that are decoded at a time: they are padded to the longest of them.
_AT_A_TIME = 512


@dataclass(frozen=True)
class Decoding:
    """How the tags of a sentence are chosen from the model's scores of its words.

    Attributes:
        rule: ``"argmax"``, the likeliest tag of each word by itself; ``"legal"``, the likeliest sequence in which
            ``I-X`` comes after ``B-X`` or ``I-X`` alone, as IOB2 wants it; ``"transitions"``, the same with ``weight``
            times log P(tag given the tag before) added to the score of each word.
        labels: Names of the tags.
        weight: Weight of the transitions.
        log_transitions: Natural logarithms of P(tag given tag before), tags × tags, and a last row for the first
            word of a sentence; None where the rule is not ``"transitions"``.

    Example:
        >>> scores = np.array([[0.0, 0.1, 0.9], [0.9, 0.0, 0.1]])  # words × tags
        >>> for rule in ("argmax", "legal"):
        ...     print(rule, Decoding(rule, ("O", "B-PER", "I-PER")).tags(["O", "B-PER", "I-PER"], [scores]))
        argmax [['I-PER', 'O']]
        legal [['B-PER', 'O']]
    """

    rule: Rule
    labels: tuple[str, ...]
    weight: float = WEIGHT
    log_transitions: np.ndarray | None = field(default=None, compare=False)

    def moves(self, labels: Sequence[str]) -> np.ndarray:
        """Return what is added to a sequence's score for each step from tag to tag, minus infinity where it is illegal.

        Args:
            labels: The tags in the order of the model's outputs.

        Returns:
            Tags × tags, and a last row for the first word of a sentence.
        """
        moves = np.where(legal_moves(labels), 0.0, -np.inf)
        if self.rule == "transitions" and self.log_transitions is not None:
            order = [self.labels.index(label) for label in labels]
            moves = moves + self.weight * self.log_transitions[np.ix_([*order, len(order)], order)]
        return moves

    def tags(self, labels: Sequence[str], scores: Sequence[np.ndarray]) -> list[list[str]]:
        """Return the tags of sentences.

        Args:
            labels: The tags in the order of the model's outputs.
            scores: For each sentence, words × tags: logits, or log probabilities.
        """
        if self.rule == "argmax":
            best = [sentence.argmax(-1) for sentence in scores]
        else:
            best = best_sequences(scores, self.moves(labels))
        return [[labels[tag] for tag in sentence] for sentence in best]

    def to_json(self) -> dict[str, Any]:
        """Return a value that `from_json` reads, of JSON's types."""
        table = None if self.log_transitions is None else np.exp(self.log_transitions).round(8).tolist()
        return {"rule": self.rule, "weight": self.weight, "labels": list(self.labels), "transitions": table}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Decoding":
        """Read what `to_json` gave.

        Raises:
            InputError: If something is missing or not as expected.

        Example:
            >>> Decoding.from_json(Decoding("legal", ("O", "B-X")).to_json()).labels
            ('O', 'B-X')
        """
        try:
            rule, labels, weight = value["rule"], tuple(map(str, value["labels"])), float(value["weight"])
            table: Any = value.get("transitions")
            if rule not in RULES or (rule == "transitions" and np.shape(table) != (len(labels) + 1, len(labels))):
                raise ValueError(f"rule {rule!r} with a table of shape {np.shape(table)}")
            with np.errstate(divide="ignore"):
                return cls(rule, labels, weight, None if table is None else np.log(np.asarray(table, dtype=float)))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"Expected a decoding with rule, weight, labels and transitions, found {error}.") from None


def decodings(labels: Sequence[str], sentences: Sequence[Sequence[int]]) -> dict[Rule, Decoding]:
    """Return what may be used to decode the tags of a task, the default first.

    Entities: every rule, ``"transitions"`` first. Other tags have no illegal transitions: ``"argmax"`` first, and
    ``"transitions"``.

    Args:
        labels: Names of the tags.
        sentences: The tags that the model is trained on, as numbers.

    Example:
        >>> list(decodings(["NOUN", "VERB"], [[0, 1]]))
        ['argmax', 'transitions']
    """
    rules: tuple[Rule, ...] = ("transitions", "legal", "argmax") if has_spans(labels) else ("argmax", "transitions")
    table = count_transitions(labels, sentences)
    return {
        rule: Decoding(rule, tuple(labels), log_transitions=table if rule == "transitions" else None) for rule in rules
    }


def best_rule(scores: Mapping[Rule, float]) -> Rule:
    """Return the rule with the best score on dev data of the source; of equal ones the first, which is the default.

    Example:
        >>> best_rule({"transitions": 70.0, "legal": 70.0, "argmax": 69.0})
        'transitions'
    """
    return max(scores, key=lambda rule: scores[rule])


def has_spans(labels: Sequence[str]) -> bool:
    """Whether tags mark the beginning of spans, as in IOB2.

    Example:
        >>> has_spans(["O", "B-PER", "I-PER"]), has_spans(["NOUN", "VERB"])
        (True, False)
    """
    return any(label.startswith(("B-", "I-")) for label in labels)


def legal_moves(labels: Sequence[str]) -> np.ndarray:
    """Return which tag may follow which in IOB2: tags × tags, and a last row for the first word of a sentence.

    A type that has no ``B-`` among the labels may begin with ``I-``.

    Example:
        >>> legal_moves(["O", "B-X", "I-X"]).astype(int).tolist()
        [[1, 1, 0], [1, 1, 1], [1, 1, 1], [1, 1, 0]]
    """
    legal = np.ones((len(labels) + 1, len(labels)), dtype=bool)
    for place, label in enumerate(labels):
        kind = label[2:]
        if label.startswith("I-") and f"B-{kind}" in labels:
            legal[:, place] = [before in (f"B-{kind}", f"I-{kind}") for before in [*labels, ""]]
    return legal


def count_transitions(labels: Sequence[str], sentences: Sequence[Sequence[int]]) -> np.ndarray:
    """Return log P(tag given the tag before), counted on the tags of sentences; one is added to each count.

    Args:
        labels: Names of the tags.
        sentences: Tags as numbers; negative ones, of words without a tag, end a sequence.

    Returns:
        Tags × tags, and a last row for the first word of a sentence.

    Example:
        >>> np.exp(count_transitions(["O", "X"], [[0, 0, 1], [0]])).round(2).tolist()
        [[0.5, 0.5], [0.5, 0.5], [0.75, 0.25]]
    """
    start = len(labels)
    counts = np.zeros((start + 1, start + 1))
    joined = np.asarray([tag for sentence in sentences for tag in (-1, *sentence)] or [-1])
    known = np.where((joined >= 0) & (joined < start), joined, start)
    np.add.at(counts, (known[:-1], known[1:]), 1)
    counts = counts[:, :start] + 1
    logarithms: np.ndarray = np.log(counts / counts.sum(axis=1, keepdims=True))
    return logarithms


def best_sequences(scores: Sequence[np.ndarray], moves: np.ndarray) -> list[np.ndarray]:
    """Return the best sequence of tags of each sentence (Viterbi), for many sentences at a time.

    Args:
        scores: For each sentence, words × tags; a sentence may have no words.
        moves: Added for each step, tags × tags and a last row for the first word; minus infinity: not allowed.

    Returns:
        For each sentence the number of each word's tag. Of equally good sequences, the one with lower numbers last.

    Example:
        >>> moves = np.where(legal_moves(["O", "B-X", "I-X"]), 0.0, -np.inf)
        >>> best_sequences([np.array([[1.0, 0.5, 0.0], [0.0, 0.0, 2.0]])], moves)[0].tolist()
        [1, 2]
    """
    best: list[np.ndarray] = [np.zeros(0, dtype=np.int64)] * len(scores)
    by_length = sorted((row for row, part in enumerate(scores) if len(part)), key=lambda row: -len(scores[row]))
    for start in range(0, len(by_length), _AT_A_TIME):
        rows = by_length[start : start + _AT_A_TIME]
        for row, tags in zip(rows, _best_of_padded([scores[row] for row in rows], moves), strict=True):
            best[row] = tags
    return best


def _best_of_padded(scores: list[np.ndarray], moves: np.ndarray) -> list[np.ndarray]:
    """Decode sentences that come longest first; the only loop is over the places in a sentence."""
    lengths = np.array([len(part) for part in scores])
    words, tags = int(lengths[0]), scores[0].shape[1]
    padded = np.zeros((words, len(scores), tags))
    for row, part in enumerate(scores):
        padded[: len(part), row] = part
    long_enough = [int((lengths > word).sum()) for word in range(words)]
    total = padded[0] + moves[-1]
    came_from = np.zeros((words, len(scores), tags), dtype=np.int64)
    for word in range(1, words):
        left = long_enough[word]
        steps = total[:left, :, None] + moves[None, :-1]
        came_from[word, :left] = steps.argmax(1)
        total[:left] = steps.max(1) + padded[word, :left]
    found = np.zeros((words, len(scores)), dtype=np.int64)
    tag = total.argmax(1)
    for word in range(words - 1, -1, -1):
        left = long_enough[word]
        found[word, :left] = tag[:left]
        tag[:left] = came_from[word, np.arange(left), tag[:left]]
    return [found[:length, row] for row, length in enumerate(lengths)]
