"""Build the made-up corpus from its patterns: ``python -m hf_mixtrain.data.demo.build`` rewrites ``panx/``.

One file per language, ``patterns/<lang>.yaml``, has sentence patterns and word lists for train and for test, and lists
for both. A pattern is text whose tokens are separated by spaces, with

- ``{city}``: a word drawn from the list `city`. A list's entries are separated by commas and may hold slots themselves.
  An entry from a list named PER, ORG or LOC (``PER.f`` counts as PER) gets this label.
- ``[ORG University of {city}]``: what stands in the brackets gets the label ORG.
- ``{city:gen}``: the form of the word for the case `gen`; the file names its `cases`, and words have forms ``a/b/c``.
  Slots inside the drawn entry take the same case, unless they name another. A word without ``/`` does not change.

Only the outermost label counts. A token that holds a piece of a name carries the name's tag ("Ankara'da" is one B-LOC).
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from hf_mixtrain.files import atomic_write_text

LABELS = ("PER", "ORG", "LOC")
SIZES = {"train": 24, "dev": 10, "test": 60}
SOURCE_SIZES = {"train": 400, "dev": 60, "test": 100}  # English

Sentence = list[tuple[str, str]]  # (token, tag)
Piece = tuple[str, str]  # (text, label or "")

_FOLDER = Path(__file__).parent
_PART = re.compile(r"\{([\w.]+)(?::(\w+))?\}|\[([A-Z]{3}) ([^\]]+)\]|([^{}\[\]]+)")


class _Deck:
    """Draws from a list so that every entry comes up once before any comes up again."""

    def __init__(self, items: Sequence[str], rng: random.Random):
        self._items, self._rng = list(items), rng
        self._left: list[str] = []
        self._last = ""

    def draw(self) -> str:
        # A new round does not begin with the word that ended the old one: two slots of a sentence get two words.
        choice = self._left or [item for item in self._items if item != self._last] or self._items
        # `random.random` is the one method whose stream Python promises to keep.
        self._last = choice[int(self._rng.random() * len(choice))]
        if not self._left:
            self._left = list(self._items)
        self._left.remove(self._last)
        return self._last


class _Grammar:
    """The patterns and lists of one side (train or test) of a language, and how they become sentences."""

    def __init__(self, description: Mapping[str, Any], side: str, rng: random.Random):
        lists: dict[str, list[str]] = {}
        for section in (description["common"], description[side]):
            for name, entries in section.items():
                split = r"\n" if name == "patterns" else r","
                lists.setdefault(name, []).extend(e.strip() for e in re.split(split, entries) if e.strip())
        self._decks = {name: _Deck(entries, rng) for name, entries in lists.items()}
        self._cases = description.get("cases", "").split()
        self._by_character = description.get("tokens") == "characters"

    def sentence(self) -> Sentence:
        return _tokens(self._expand(self._decks["patterns"].draw(), case=""), by_character=self._by_character)

    def _expand(self, text: str, case: str) -> Iterator[Piece]:
        for name, slot_case, label, inner, plain in _PART.findall(text):
            if plain:
                yield plain, ""
            elif label:
                yield "".join(piece for piece, _ in self._expand(inner, case)), label
            else:
                wanted = slot_case or case
                pieces = list(self._expand(self._form(self._decks[name].draw(), wanted), wanted))
                if name[:3] in LABELS:
                    yield "".join(piece for piece, _ in pieces), name[:3]
                else:
                    yield from pieces

    def _form(self, entry: str, case: str) -> str:
        forms = entry.split("/")
        return forms[self._cases.index(case)] if len(forms) > 1 and case else forms[0]


def _tokens(pieces: Iterator[Piece], *, by_character: bool) -> Sentence:
    """Split at spaces, or after every character; the first piece with a label that a token touches gives its tag."""
    sentence: Sentence = []
    word = tag = ""

    def end() -> None:
        nonlocal word, tag
        if word:
            sentence.append((word, tag or "O"))
        word = tag = ""

    for text, label in pieces:
        begun = False
        for character in text:
            if by_character or character == " ":
                end()
            if character == " ":
                continue
            word += character
            if label and not tag:
                tag = f"{'I' if begun else 'B'}-{label}"
                begun = True
    end()
    return sentence


def build_language(language: str, description: Mapping[str, Any]) -> dict[str, list[Sentence]]:
    """Make the sentences of one language.

    Args:
        language: Its code; the draw depends on it and on nothing else.
        description: The content of ``patterns/<language>.yaml``.

    Returns:
        Sentences per split ("train", "dev", "test"), as lists of (token, tag). No sentence occurs twice.

    Raises:
        ValueError: If the patterns do not yield enough different sentences.

    Example:
        >>> from string import ascii_letters, ascii_lowercase, digits
        >>> one = {"patterns": "{PER} lives in {city} .", "PER": "Ana Li, Bo", "city": ",".join(ascii_lowercase)}
        >>> two = {"patterns": "Now {LOC} calls .", "LOC": ",".join(ascii_letters + digits)}
        >>> build_language("xx", {"common": {}, "train": one, "test": two})["test"][0][:2]
        [('Now', 'O'), ('q', 'B-LOC')]
    """
    sizes = SOURCE_SIZES if language == "en" else SIZES
    splits: dict[str, list[Sentence]] = {}
    for side in ("train", "test"):
        grammar = _Grammar(description, side, random.Random(f"{language}:{side}"))
        wanted = sizes["test"] if side == "test" else sizes["train"] + sizes["dev"]
        sentences: dict[str, Sentence] = {}
        for _ in range(50 * wanted):
            if len(sentences) == wanted:
                break
            sentence = grammar.sentence()
            sentences.setdefault(" ".join(token for token, _ in sentence), sentence)
        else:
            raise ValueError(
                f"{language}: expected {wanted} different sentences, found {len(sentences)}. Add patterns."
            )
        splits[side] = list(sentences.values())
    splits["dev"] = splits["train"][sizes["train"] :]
    splits["train"] = splits["train"][: sizes["train"]]
    return splits


def build_corpus() -> dict[str, str]:
    """Make the whole corpus.

    Returns:
        Content per file name, such as "train-de.tsv".

    Example:
        >>> sorted(build_corpus())[:3]
        ['dev-ar.tsv', 'dev-bn.tsv', 'dev-de.tsv']
    """
    files = {}
    for path in sorted((_FOLDER / "patterns").glob("*.yaml")):
        description = yaml.safe_load(path.read_text(encoding="utf-8"))
        for split, sentences in build_language(path.stem, description).items():
            blocks = ("".join(f"{token}\t{tag}\n" for token, tag in sentence) for sentence in sentences)
            files[f"{split}-{path.stem}.tsv"] = "\n".join(blocks)
    return files


def _main() -> None:
    files = build_corpus()
    for old in (_FOLDER / "panx").glob("*.tsv"):
        if old.name not in files:
            old.unlink()
    for name, text in files.items():
        atomic_write_text(_FOLDER / "panx" / name, text)


if __name__ == "__main__":
    _main()
