"""Tags of words to entities."""

from collections.abc import Iterable
from statistics import mean

from hf_mixtrain.prediction.words import Span

Tagged = tuple[Span, str, float]


def entity_spans(words: Iterable[Tagged]) -> list[Tagged]:
    """Join tagged words to entities, as seqeval does: ``I-X`` after anything but ``B-X`` or ``I-X`` begins one.

    Args:
        words: Place, tag and probability of each word of a text.

    Returns:
        Place, type and mean probability of each entity, from left to right.

    Example:
        >>> entity_spans([((0, 4), "B-PER", 0.75), ((5, 9), "I-PER", 0.25), ((10, 12), "O", 0.5)])
        [((0, 9), 'PER', 0.5)]
    """
    entities: list[tuple[Span, str, list[float]]] = []
    before = "O"
    for (start, end), tag, score in words:
        prefix, _, kind = tag.partition("-")
        if prefix == "I" and before in (f"B-{kind}", f"I-{kind}"):
            (first, _), _, scores = entities[-1]
            entities[-1] = (first, end), kind, [*scores, score]
        elif prefix in ("B", "I") and kind:
            entities.append(((start, end), kind, [score]))
        before = tag
    return [(place, kind, mean(scores)) for place, kind, scores in entities]
