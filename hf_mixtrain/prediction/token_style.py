"""What the words of a training set look like, so that ordinary text can be cut into words of the same kind."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from hf_mixtrain.data.features.label_pieces import is_unspaced

# Words with a mark at an edge ('s, St., L') that are kept: the most frequent ones.
_MOST_AFFIXES = 500
# A script is cut into characters if its words have fewer characters than this on average: 1.0 in PAN-X, 1.5 and more
# where Chinese is cut into words.
_CHARACTERS = 1.25


@dataclass(frozen=True)
class TokenStyle:
    """What words look like in the rows that a model was trained on.

    Attributes:
        joined: Marks that are found inside words, between letters or digits, such as ``-`` in ``Jean-Luc``.
        apart: Marks that are words of their own and never inside one.
        runs: Marks that come several at a time as one word, such as ``...``.
        affixes: Words with a mark at an edge, in lower case: ``'s``, ``st.``, ``l'``.
        scripts: For scripts without spaces, by the first word of their characters' names, words and characters that
            were seen; kana counts as ``CJK``.
        beside: Words and characters of other scripts in sentences of these.
    """

    joined: tuple[str, ...] = ("-", "'", "’", ".", ",", "·", "_", "/", "&", "@")
    apart: tuple[str, ...] = ()
    runs: tuple[str, ...] = (".", "-", "'", "!", "?")
    affixes: tuple[str, ...] = ("'s", "’s")
    scripts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    beside: tuple[int, int] = (0, 0)

    def by_character(self, script: str) -> bool:
        """Whether the words of a script are single characters; a script that was not seen: Chinese and Japanese are."""
        words, characters = self.scripts.get(script, (0, 0))
        return characters < _CHARACTERS * words if words else script == "CJK"

    @property
    def beside_by_character(self) -> bool:
        """Whether Latin words and numbers among Chinese or Japanese are single characters too, as in PAN-X."""
        return self.beside[0] > 0 and self.beside[1] < 2 * self.beside[0]

    def to_json(self) -> dict[str, Any]:
        """Return a value of JSON's types."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "TokenStyle":
        """Read what `to_json` gave; raises `TypeError` or `ValueError` if it cannot be."""
        texts = {name: tuple(map(str, value[name])) for name in ("joined", "apart", "runs", "affixes")}
        scripts = {str(name): (int(seen[0]), int(seen[1])) for name, seen in value["scripts"].items()}
        return cls(**texts, scripts=scripts, beside=(int(value["beside"][0]), int(value["beside"][1])))


def token_style(sentences: Iterable[Sequence[str]]) -> TokenStyle:
    """Describe the words of sentences.

    Args:
        sentences: Words by sentence.

    Example:
        >>> style = token_style([["Jean-Luc", "'s", "house", "."], ["東", "京", "N", "H", "K"]])
        >>> style.joined, style.affixes, style.scripts, style.by_character("CJK"), style.beside_by_character
        (('-',), ("'s",), {'CJK': (2, 2)}, True, True)
    """
    joined: Counter[str] = Counter()
    apart: Counter[str] = Counter()
    runs: Counter[str] = Counter()
    affixes: Counter[str] = Counter()
    scripts: dict[str, list[int]] = {}
    beside = [0, 0]
    for words in sentences:
        unspaced = [script_of(word) for word in words]
        for word, script in zip(words, unspaced, strict=True):
            inside = [at for at, character in enumerate(word) if not is_mark(character)]
            if script is not None:
                seen = scripts.setdefault(script, [0, 0])
                seen[0], seen[1] = seen[0] + 1, seen[1] + len(word)
            elif not inside:
                apart[word[:1]] += 1
                runs[word[:1]] += len(word) > 1 and len(set(word)) == 1
            else:
                joined.update(character for character in word[inside[0] : inside[-1]] if is_mark(character))
                affixes[word.lower()] += len(inside) < len(word) and inside[-1] - inside[0] + 1 < len(word)
                if "CJK" in unspaced:
                    beside[0], beside[1] = beside[0] + 1, beside[1] + len(word)
    return TokenStyle(
        joined=tuple(sorted(joined)),
        apart=tuple(sorted(set(apart) - set(joined))),
        runs=tuple(sorted(mark for mark, count in runs.items() if count)),
        affixes=tuple(sorted(word for word, count in affixes.most_common(_MOST_AFFIXES) if count)),
        scripts={script: (seen[0], seen[1]) for script, seen in sorted(scripts.items())},
        beside=(beside[0], beside[1]),
    )


def is_mark(character: str) -> bool:
    """Whether a character is punctuation or a symbol.

    Example:
        >>> is_mark("."), is_mark("€"), is_mark("a"), is_mark("\u0301")
        (True, True, False, False)
    """
    return unicodedata.category(character)[0] in "PS"


def script_of(word: str) -> str | None:
    """Return the script of a word that has one without spaces, by the word's first letter in it; else None.

    Example:
        >>> script_of("カナダ"), script_of("กรุง"), script_of("Bonn"), script_of("。")
        ('CJK', 'THAI', None, None)
    """
    for character in word:
        if is_unspaced(character) and not is_mark(character):
            name = unicodedata.name(character, "").partition(" ")[0].partition("-")[0]
            return "CJK" if name in ("HIRAGANA", "KATAKANA", "IDEOGRAPHIC", "FULLWIDTH", "HALFWIDTH") else name
    return None
