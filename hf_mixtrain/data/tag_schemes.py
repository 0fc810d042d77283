"""Tagging schemes of entities, read into IOB2: IOB1, BIOES, BMES, BILOU, BMEWO, bare types, types before prefixes."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Literal, NamedTuple

#: How a tag is written: ``B-PER``, ``PER-B``, ``B`` alone, or ``PER`` alone.
Style = Literal["prefix", "suffix", "letter", "bare"]

# Each letter says the same in every scheme that has it, so schemes need no names.
_ROLES = {"B": "B", "I": "I", "M": "I", "E": "E", "L": "E", "S": "S", "U": "S", "W": "S"}
_PREFIX = re.compile(r"([BIMELSUW])[-_](.+)", re.DOTALL)
_SUFFIX = re.compile(r"(.+)[-_]([BIMELSUW])", re.DOTALL)
_ONE_TYPE = "ENTITY"


class Part(NamedTuple):
    """What a tag says: ``role`` is one of O, B, I, E (ends) and S (alone), ``kind`` the type of entity."""

    role: str
    kind: str


_OUTSIDE = Part("O", "")


def style_of(tags: Iterable[str]) -> Style | None:
    """Return how these tags mark entities, or None if they do not: part-of-speech tags, for one.

    Tags mark entities if all but ``O`` have a letter for the place in the entity, and one of them begins an entity; or
    if ``O`` is among them and no other has such a letter.

    Example:
        >>> style_of(["O", "B-PER", "M-PER", "E-PER"]), style_of(["PER-B", "O"]), style_of(["O", "PER"])
        ('prefix', 'suffix', 'bare')
        >>> style_of(["NN", "VB"]) is None
        True
    """
    all_tags = set(tags)
    found = all_tags - {"O"}
    if not found:
        return None
    if all(tag in _ROLES for tag in found) and found & {"B", "I"}:
        return "letter"
    for style, pattern, letter in (("prefix", _PREFIX, 1), ("suffix", _SUFFIX, 2)):
        matches = [pattern.fullmatch(tag) for tag in found]
        if all(matches) and {match[letter] for match in matches if match} & {"B", "I"}:
            return style  # type: ignore[return-value]
    return "bare" if "O" in all_tags else None


def part_of(tag: str, style: Style) -> Part | None:
    """Return what a tag says, or None if it is not written in this style.

    Example:
        >>> part_of("PER-L", "suffix")
        Part(role='E', kind='PER')
    """
    if tag == "O":
        return _OUTSIDE
    if style == "letter":
        return Part(_ROLES[tag], _ONE_TYPE) if tag in _ROLES else None
    if style == "bare":
        return Part("I", tag)
    match = (_PREFIX if style == "prefix" else _SUFFIX).fullmatch(tag)
    if match is None:
        return None
    letter, kind = match.groups() if style == "prefix" else match.groups()[::-1]
    return Part(_ROLES[letter], kind)


def is_iob(tags: Collection[str]) -> bool:
    """Whether all these tags are ``O``, ``B-`` or ``I-``, as IOB1 and IOB2 have them."""
    return all(tag == "O" or tag.startswith(("B-", "I-")) for tag in tags)


def iob2_labels(labels: Sequence[str], style: Style) -> tuple[str, ...]:
    """Return the labels in IOB2 that stand for labels in another scheme.

    Example:
        >>> iob2_labels(["O", "B-PER", "E-PER", "S-PER", "S-LOC"], "prefix")
        ('O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC')
    """
    kinds = dict.fromkeys(part.kind for label in labels if (part := part_of(label, style)) and part.role != "O")
    return tuple(["O"] * ("O" in labels) + [f"{letter}-{kind}" for kind in kinds for letter in "BI"])


def iob2(tags: Sequence[str], style: Style) -> list[str] | None:
    """Return the tags of one sentence in IOB2, or None if one of them is not written in this style.

    Example:
        >>> iob2(["B-PER", "E-PER", "S-PER", "O"], "prefix")
        ['B-PER', 'I-PER', 'B-PER', 'O']
        >>> iob2(["PER", "PER", "LOC"], "bare")
        ['B-PER', 'I-PER', 'B-LOC']
    """
    found = []
    before = _OUTSIDE
    for tag in tags:
        part = part_of(tag, style)
        if part is None:
            return None
        if part.role == "O":
            found.append("O")
        else:
            goes_on = part.role in "IE" and before.kind == part.kind and before.role in "BI"
            found.append(f"{'I' if goes_on else 'B'}-{part.kind}")
        before = part
    return found


def is_iob1(sentences: Iterable[Sequence[str]]) -> bool:
    """Whether tags with ``B-`` and ``I-`` are in IOB1, where ``B-`` only parts two entities of one type.

    Example:
        >>> is_iob1([["I-PER", "I-PER", "B-PER", "O"]]), is_iob1([["B-PER"], ["I-PER"]])
        (True, False)
    """
    begun_with_i = False
    for tags in sentences:
        before = "O"
        for tag in tags:
            begins = tag != "O" and tag[1:] != before[1:]
            if begins and tag[0] == "B":
                return False
            begun_with_i = begun_with_i or begins
            before = tag
    return begun_with_i
