"""Reader for Universal Dependencies: CoNLL-U with multiword tokens left whole, as XTREME prepares it."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from hf_mixtrain.data.readers.label_values import TagReader, no_labels
from hf_mixtrain.data.readers.lines import numbered_lines
from hf_mixtrain.data.task import Task
from hf_mixtrain.errors import InputError

# Which part gives a multiword token its tag when several are equally high in the tree.
_FIRST_TAGS = {
    "": "VERB NOUN PROPN PRON ADJ NUM ADV INTJ AUX ADP DET PART CCONJ SCONJ X PUNCT",
    "es": "VERB AUX PRON ADP DET",
    "fr": "VERB AUX PRON NOUN ADJ ADV ADP DET PART SCONJ CONJ",
    "it": "VERB AUX ADV PRON ADP DET INTJ",
}
_WITHHELD = "_"
_MULTIWORD = re.compile(rb"^\d+[-.]\d+(\t[^\t\r\n]*){9}\r?$", re.MULTILINE)
_ZERO_WIDTH_NON_JOINER = "\u200c"


def read_conllu(content: bytes, path: Path, task: Task, language: str) -> dict[str, list[Any]]:
    """Read sentences and universal tags from a CoNLL-U file.

    A multiword token such as German *im* (``3-4``) stays one token; its tag is that of its part with the fewest
    ancestors in the graph of basic and enhanced edges, on a tie by a list of tags that goes first. Empty nodes
    (``8.1``) are no tokens. U+200C and spaces inside a token are taken out. Sentences whose words are withheld for
    their licence are left out, as there is nothing to read in them.

    Source: XTREME's preparation of ``udpos`` (Hu et al. 2020), with ud-conversion-tools of Agić et al. (2016).

    Args:
        content: The file's bytes.
        path: Its path, for messages.
        task: Its labels and its ``label_map``.
        language: Code; Spanish, French and Italian have lists of their own.

    Returns:
        Columns ``tokens`` and ``tags``; a tag is its place in the task's labels.

    Raises:
        InputError: If the file is no CoNLL-U, has another tag, or the library ``conllu`` is missing.
    """
    reader = TagReader(task, path)
    order = _FIRST_TAGS.get(language, _FIRST_TAGS[""]).split()
    sentences, tags = [], []
    for number, sentence in _sentences(content, path):
        surface = _surface(sentence, order)
        words = [form.replace(_ZERO_WIDTH_NON_JOINER, "").replace(" ", "") for form, _ in surface]
        if not words or sum(word != _WITHHELD for word in words) <= 1 < len(words) or words == [_WITHHELD]:
            continue
        for _, tag in surface:
            reader.first.setdefault(tag, f"{path}:{number}")
        sentences.append(words)
        tags.append([tag for _, tag in surface])
    if not sentences:
        raise InputError(f"{path}: expected sentences with words, found none. Check how the file was made.")
    if set(reader.first) <= {"_"}:
        raise no_labels(path)
    pairs = [pair for pair in zip(sentences, reader.ids(tags), strict=True) if pair[1] is not None]
    return {"tokens": [words for words, _ in pairs], "tags": [ids for _, ids in pairs]}


def holds_multiword_tokens(content: bytes) -> bool:
    r"""Whether a file, whatever it is called, is CoNLL-U in which more lines than those of words have a number.

    Example:
        >>> holds_multiword_tokens(b"1-2\tim" + b"\t_" * 8), holds_multiword_tokens(b"1\tin" + b"\t_" * 8)
        (True, False)
    """
    return b"\t_\t" in content[:5000] and _MULTIWORD.search(content) is not None


def _sentences(content: bytes, path: Path) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Yield the number of a sentence's first line, and its nodes."""
    try:
        import conllu
    except ImportError as error:
        raise InputError('Universal Dependencies need conllu: pip install "hf_mixtrain[ud]".') from error
    block: list[str] = []
    start, last = 1, 0
    for number, line in chain(numbered_lines(content, path), [(0, "")]):
        word = _number(line)
        # Some files have no empty line between sentences; the numbers of the words then begin again.
        begins = (word is not None and word == 1 and last > 0) or (line.startswith("#") and last > 0)
        if line.strip() and not begins:
            block.append(line)
            if word is not None and "-" not in line.split("\t", 1)[0]:
                if word <= last:
                    raise InputError(
                        f"{path}:{number}: expected words numbered from 1 upwards, found {word} after {last}. Put an "
                        "empty line between sentences."
                    )
                last = word
            continue
        if block:
            try:
                parsed = conllu.parse("\n".join(block) + "\n\n")
                for sentence in parsed:
                    _check(list(sentence))
            except (conllu.exceptions.ParseException, ValueError) as error:
                raise InputError(
                    f"{path}:{start}: expected a sentence in CoNLL-U, found: {error!s:.80}. Correct the file."
                ) from error
            for sentence in parsed:
                yield start, list(sentence)
        block, start, last = [line] if line.strip() else [], number if line.strip() else number + 1, 0
        if word is not None and "-" not in line.split("\t", 1)[0]:
            last = word


def _number(line: str) -> int | None:
    """Return the number of a word, of a multiword token that of its first part; None for other lines."""
    first = line.split("\t", 1)[0]
    number = first.partition("-")[0]
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 9 else None


def _check(sentence: list[dict[str, Any]]) -> None:
    """Refuse what the library lets pass: lines with too few columns, and ranges without their parts."""
    for node in sentence:
        if "deps" not in node or node["id"] is None:
            raise ValueError(f"a line with too few columns, or without a number: {' '.join(map(str, node.values()))}")
        if not isinstance(node["id"], int) and node["id"][1] == "-":
            numbers = {other["id"] for other in sentence}
            if not numbers.issuperset(range(node["id"][0], node["id"][2] + 1)):
                raise ValueError(f"the multiword token {node['form']} without its parts")


def _surface(sentence: list[dict[str, Any]], order: list[str]) -> list[tuple[str, str]]:
    """Return form and tag of each surface token."""
    nodes = {node["id"]: node for node in sentence if isinstance(node["id"], int)}
    tokens = []
    covered = 0
    for node in sentence:
        if isinstance(node["id"], int):
            if node["id"] > covered:
                tokens.append((node["form"], node["upos"]))
        elif node["id"][1] == "-":
            first, _, covered = node["id"]
            tokens.append((node["form"], _highest_tag(range(first, covered + 1), nodes, order)))
    return tokens


def _highest_tag(parts: range, nodes: dict[int, dict[str, Any]], order: list[str]) -> str:
    heights = {part: len(_ancestors(part, nodes)) for part in parts}
    candidates = [nodes[part]["upos"] for part in parts if heights[part] == min(heights.values())]
    for tag in order:
        if tag in candidates:
            return tag
    return candidates[0]


def _ancestors(node: int, nodes: dict[int, dict[str, Any]]) -> set[int]:
    found: set[int] = set()
    waiting = [node]
    while waiting:
        row = nodes[waiting.pop()]
        enhanced = row["deps"] if isinstance(row["deps"], list) else []
        for head in (row["head"], *(head for _, head in enhanced)):
            if head in nodes and head not in found:
                found.add(head)
                waiting.append(head)
    return found
