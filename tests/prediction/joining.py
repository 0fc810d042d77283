"""Sentences of words as ordinary text, and the F1 of spans of characters."""

from hf_mixtrain.data.features.label_pieces import is_unspaced
from hf_mixtrain.prediction.spans import entity_spans

_NO_SPACE_BEFORE = set(".,;:!?)]}%»”…")
_NO_SPACE_AFTER = set("([{«“")


def ordinary_text(words, tags):
    """Join words as they are written, and give the places of the entities: (start, end, type)."""
    text, places = "", []
    for word in words:
        glued = not text or word[0] in _NO_SPACE_BEFORE or text[-1] in _NO_SPACE_AFTER
        glued = glued or word.startswith(("'s", "’s")) or text.endswith(("l'", "L'", "d'", "D'", "l’", "L’", "d’"))
        glued = glued or (is_unspaced(word[0]) and is_unspaced(text[-1]))
        start = len(text) + (not glued)
        text += ("" if glued else " ") + word
        places.append((start, len(text)))
    tagged = [(place, tag, 1.0) for place, tag in zip(places, tags, strict=True)]
    return text, {(start, end, kind) for (start, end), kind, _ in entity_spans(tagged)}


def span_f1(predictions, gold):
    """F1 from 0 to 100 over all texts."""
    found = [{(e["start"], e["end"], e["label"]) for e in prediction["entities"]} for prediction in predictions]
    right = sum(len(ours & theirs) for ours, theirs in zip(found, gold, strict=True))
    total = sum(map(len, found)) + sum(map(len, gold))
    return 200 * right / total if total else 0.0


def joined_rows(rows):
    """Texts and places of entities of raw rows."""
    names = rows.features["tags"].feature.names
    pairs = [
        ordinary_text(words, [names[tag] for tag in tags])
        for words, tags in zip(rows["tokens"], rows["tags"], strict=True)
        if words
    ]
    return [text for text, _ in pairs], [places for _, places in pairs]
