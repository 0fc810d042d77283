"""Reader for tagged sentences: a token and its tag on each line, an empty line between sentences."""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hf_mixtrain.data.languages import LANGUAGES
from hf_mixtrain.data.readers.label_values import TagReader, is_masked, no_labels
from hf_mixtrain.data.readers.languages_in_file import language_key, of_language, without_prefix
from hf_mixtrain.data.readers.lines import numbered_lines
from hf_mixtrain.data.readers.table import cells_of
from hf_mixtrain.data.task import Task
from hf_mixtrain.errors import InputError

logger = logging.getLogger(__name__)

_DOCSTART = "-DOCSTART-"
_HEADER = re.compile(
    r"(?i)(tokens?|words?|form|(ner|pos|upos)?[_ ]?tags?|labels?|ner|u?pos|lemma|sentence.*|"
    r"lang(uage)?([ _](code|id))?|locale)"
)
#: How many lines are looked at to find the columns of a file with more than two.
_ENOUGH = 1000


class _Places(NamedTuple):
    """Which cell of a line is what; -1 for what the file does not have."""

    tokens: int
    tags: int
    sentence: int = -1
    language: int = -1


def read_tagged(
    content: bytes, path: Path, task: Task, language: str, *, separator: str = "\t"
) -> dict[str, list[Any]]:
    r"""Read sentences from a text file: XTREME's form, CoNLL's, IOB files, and tables with a word on each line.

    Cells are parted by tabs, or by blanks where no line has a tab. Tokens are kept as they are, those without a visible
    character too: each has a tag, so each has a place. Several empty lines in a row, lines of spaces, and the lines
    ``-DOCSTART-`` of CoNLL, separate two sentences as one empty line does. Lines that begin with ``#`` and are no token
    with its tag are comments. WikiANN's ``en:`` before each token is taken off.

    Args:
        content: The file's bytes.
        path: Its path, for messages.
        task: Its labels, and its ``columns``: the place of ``tokens``, ``tags``, ``sentence`` and ``language`` on a
            line, counted from 0, or their names in the header. Of more than two columns the tags are the last one whose
            cells are all tags, and the tokens the first one that does not count.
        language: The language wanted.
        separator: What stands between cells, where it is no tab.

    Returns:
        Columns ``tokens`` and ``tags``; a tag is its place in the task's labels.

    Raises:
        InputError: If a line has too few or too many cells, or an unknown tag.

    Example:
        >>> task = Task("t", "t", "token-classification", ("de",), "f1", ("O", "B-LOC", "I-LOC"))
        >>> read_tagged(b"Bad NN S-LOC\n", Path("dev-de.conll"), task, "de")
        {'tokens': [['Bad']], 'tags': [[1]]}
    """
    reader = TagReader(task, path)
    sentences, tags, languages = _sentences(content, path, task, reader, separator)
    if any(languages):
        keep = _of_language(languages, path, task, language)
        sentences, tags = [sentences[row] for row in keep], [tags[row] for row in keep]
    return _columns(sentences, tags, reader, path, language)


def languages_of_sentences(content: bytes, path: Path, task: Task, *, separator: str = "\t") -> list[str]:
    """Return what the column of languages of a tagged file says, each value once; see `read_tagged`."""
    return list(dict.fromkeys(_sentences(content, path, task, TagReader(task, path), separator)[2]))


def _sentences(
    content: bytes, path: Path, task: Task, reader: TagReader, separator: str
) -> tuple[list[list[str]], list[list[str]], list[str]]:
    """Return tokens, tags and language of each sentence; ``reader`` gets to know the tags."""
    if separator == "\t" and b"\t" not in content:
        separator = " "
    lines = list(numbered_lines(content, path))
    places, width, start = _layout(lines, path, task, reader, separator)
    token_at, tag_at, sentence_at, language_at = places
    first, tabs = reader.first, separator == "\t"
    documents = _DOCSTART.encode() in content
    sentences: list[list[str]] = []
    tags: list[list[str]] = []
    languages: list[str] = []
    tokens_here: list[str] = []
    tags_here: list[str] = []
    in_sentence = False
    last = ""
    for number, line in lines[start:]:
        if not line or (not (tabs and "\t" in line) and not line.strip()):
            in_sentence = False
            continue
        cells = line.split("\t") if tabs else cells_of(line, separator)
        if line[0] == "#" and _is_comment(cells, places, width, reader):
            continue
        if documents and any(cell.startswith(_DOCSTART) for cell in (line, *cells[token_at : token_at + 1])):
            in_sentence = False
            continue
        if len(cells) != width:
            raise _wrong_width(path, number, line, width, separator, task)
        tag = cells[tag_at]
        if tag not in first:
            if not any(cells):  # as pandas writes an empty line
                in_sentence = False
                continue
            first[tag] = f"{path}:{number}"
        if sentence_at >= 0 and cells[sentence_at] not in ("", last):
            last = cells[sentence_at]
            in_sentence = False
        if not in_sentence:
            tokens_here, tags_here = [], []
            sentences.append(tokens_here)
            tags.append(tags_here)
            languages.append(cells[language_at] if language_at >= 0 else "")
            in_sentence = True
        tokens_here.append(cells[token_at])
        tags_here.append(tag)
    return sentences, tags, languages


def _columns(
    sentences: list[list[str]], tags: list[list[str]], reader: TagReader, path: Path, language: str
) -> dict[str, list[Any]]:
    if not sentences:
        raise InputError(f"{path}: expected sentences, found an empty file. Check how it was made.")
    if is_masked(list(reader.first)) and not any(map(reader.known, reader.first)):
        raise no_labels(path)
    sentences = without_prefix(sentences, path, language)
    ids = reader.ids(tags)
    kept = [row for row, tags_of_row in enumerate(ids) if tags_of_row is not None]
    if len(kept) < len(ids):
        return {"tokens": [sentences[row] for row in kept], "tags": [ids[row] for row in kept]}
    return {"tokens": sentences, "tags": ids}


def _of_language(languages: Sequence[str], path: Path, task: Task, language: str) -> list[int]:
    records = ((str(row), {"language": name}) for row, name in enumerate(languages))
    return [
        int(row) for row, _ in of_language(records, path, language, "language" if "language" in task.columns else "")
    ]


def _is_comment(cells: list[str], places: _Places, width: int, reader: TagReader) -> bool:
    return len(cells) != width or not (reader.known(cells[places.tags]) or cells[places.tags] in reader.first)


def _layout(
    lines: Sequence[tuple[int, str]], path: Path, task: Task, reader: TagReader, separator: str
) -> tuple[_Places, int, int]:
    """Return where tokens and tags are, how many cells a line has, and how many lines come before the first row."""
    rows = _first_rows(lines, separator)
    first = next(rows, None)
    if first is None:
        raise InputError(f"{path}: expected sentences, found an empty file. Check how it was made.")
    place, cells = first
    named = {name: column for name, column in task.columns.items() if isinstance(column, str)}
    usual = not task.columns and len(cells) > 1 and all(_HEADER.fullmatch(cell.strip()) for cell in cells)
    if named or (usual and not reader.known(cells[-1])):
        return _places_by_name(task, cells, path, place), len(cells), place + 1
    if task.columns:
        columns = {name: _number(path, column) for name, column in task.columns.items() if name != "id"}
        places = _Places(columns.pop("tokens", 0), columns.pop("tags", 1), **columns)
        if places.tags == max(places) == len(cells):
            raise no_labels(path)
        if max(places) >= len(cells):
            raise InputError(
                f"{path}:{lines[place][0]}: expected {max(places) + 1} columns with "
                f"{'blanks' if separator == ' ' else 'tabs' if separator != ',' else 'commas'} between, found "
                f"{lines[place][1]!r:.60}. Correct the line, or `columns` of the task."
            )
        return places, len(cells), 0
    if len(cells) == 2:
        return _Places(0, 1), 2, 0
    samples = [cells, *(more for (_, more), _ in zip(rows, range(_ENOUGH), strict=False))]
    if all(len(sample) == 1 for sample in samples):
        raise no_labels(path)
    if len(cells) == 1:
        return _Places(0, 1), 2, 0
    return *_found_places(samples, reader, path, lines[place]), 0


def _first_rows(lines: Sequence[tuple[int, str]], separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield place and cells of the lines that can be rows."""
    for place, (_, line) in enumerate(lines):
        if (not line.strip() and (separator != "\t" or "\t" not in line)) or line.startswith(_DOCSTART):
            continue
        cells = cells_of(line, separator)
        if not (line.startswith("#") and (len(cells) != 2 or line.startswith("# "))):
            yield place, cells


def _found_places(
    samples: list[list[str]], reader: TagReader, path: Path, line: tuple[int, str]
) -> tuple[_Places, int]:
    """Find tokens and tags among more than two columns, and how many columns there are."""
    usual, _ = Counter(map(len, samples)).most_common(1)[0]
    columns = list(zip(*(sample for sample in samples if len(sample) == usual), strict=True))
    tags = [number for number, cells in enumerate(columns) if all(map(reader.known, cells))]
    tags = [number for number in tags if set(columns[number]) - {"O"}] or tags
    if not tags and len(columns) == len(line[1].split("\t")) and "\t" in line[1]:
        expected = f"a column of tags out of {', '.join(reader.task.file_labels or reader.task.labels)}"
        raise InputError(
            f"{path}:{line[0]}: expected token<TAB>tag, or {expected}, found {line[1]!r:.60}. Say under `columns` of "
            "the task which columns hold `tokens` and `tags`, counted from 0."
        )
    tag_at = tags[-1] if tags else len(columns) - 1
    counted = [number for number, cells in enumerate(columns) if not all(cell.isdecimal() for cell in cells)]
    words = [number for number in counted if number != tag_at] or [0]
    codes = [number for number in words if LANGUAGES.keys() >= set(columns[number])]
    # A language's code is on many lines, a word on few.
    token_at = max(words, key=lambda number: len(set(columns[number]))) if words[0] in codes else words[0]
    logger.info("%s: tokens are read from column %d and tags from column %d.", path, token_at, tag_at)
    return _Places(token_at, tag_at, language=next((at for at in codes if at != token_at), -1)), usual


def _places_by_name(task: Task, header: list[str], path: Path, place: int) -> _Places:
    found = {}
    lower = [name.strip().casefold() for name in header]
    wanted: Mapping[str, str | int] = task.columns or {
        "tokens": next((name for name in lower if re.fullmatch("(tokens?|words?|form)", name)), "tokens"),
        "tags": next((name for name in reversed(lower) if re.fullmatch(r".*(tags?|labels?|ner)", name)), "tags"),
        **({"language": key} if (key := language_key(lower)) else {}),
    }
    if not task.columns and (sentence := next((name for name in lower if name.startswith("sentence")), "")):
        wanted = {**wanted, "sentence": sentence}
    for name, column in wanted.items():
        if isinstance(column, str) and column.casefold() not in lower:
            raise InputError(
                f"{path}:{place + 1}: expected the number of a column, counted from 0, or a header with {column!r} for "
                f"{name!r}. Found {header!r:.80}. Correct `columns` of the task."
            )
        found[name] = lower.index(column.casefold()) if isinstance(column, str) else column
    found.pop("id", None)
    return _Places(found.pop("tokens", 0), found.pop("tags", 1), **found)


def _number(path: Path, column: str | int) -> int:
    if not isinstance(column, int) or column < 0:
        raise InputError(
            f"{path}: expected the number of a column, counted from 0. Found {column!r} in `columns` of the task."
        )
    return column


def _wrong_width(path: Path, number: int, line: str, width: int, separator: str, task: Task) -> InputError:
    gap = {"\t": "tabs", " ": "blanks", ",": "commas"}[separator]
    plain = width == 2 and not task.columns and separator == "\t"
    return InputError(
        f"{path}:{number}: expected {'token<TAB>tag' if plain else f'{width} columns with {gap} between'}, found "
        f"{line!r:.60}. Put {'one tab' if plain else gap} between the columns, and an empty line between sentences."
    )
