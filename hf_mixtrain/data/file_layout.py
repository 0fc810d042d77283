"""Which files of a folder hold which split of which language, found from their names."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hf_mixtrain.data.languages import LANGUAGES
from hf_mixtrain.data.task import Split
from hf_mixtrain.errors import InputError

_ENDINGS = {
    ".bio", ".conll", ".conllu", ".csv", ".iob", ".iob2", ".json", ".jsonl", ".ndjson", ".parquet", ".tsv", ".txt",
}  # fmt: skip
_NO_DATA = re.compile(r"(?i)(readme|licen[sc]e|citation|changelog|requirements|labels?)\b")
_SPLITS: dict[str, Split] = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("dev", "devel", "development", "valid", "validation", "val"), "dev"),
    **dict.fromkeys(("test", "testing", "tst", "eval"), "test"),
}
_NAMES = {language.name.casefold() for language in LANGUAGES.values()}
# A code with a region or a script, such as pt-BR and zh_Hans, or one word.
_WORD = re.compile(r"[a-z]{2,3}[-_](?:[A-Z][a-z]{3}|[A-Z]{2})(?![A-Za-z])|[A-Za-z]+")


@dataclass(frozen=True)
class Layout:
    """The files of a folder.

    Attributes:
        templates: For each split, the path with ``{language}`` in it.
        files: The file of each language and split.
        unused: Files whose names do not fit.
    """

    templates: dict[Split, str]
    files: dict[tuple[str, Split], Path]
    unused: tuple[Path, ...]

    @property
    def languages(self) -> list[str]:
        """All languages, in the order of the alphabet."""
        return sorted({language for language, _ in self.files})


def layout_of(folder: Path) -> Layout:
    """Look at the names of all files below a folder.

    A name says the split (``train``, ``dev``, ``test`` and the like; without, it is train) and the language, as a code
    or in English.

    Raises:
        InputError: If there is no such folder, or no file whose name says a language.

    Example:
        >>> from hf_mixtrain.data.sources.demo import DEMO_FOLDER
        >>> layout_of(DEMO_FOLDER).templates["train"]
        'panx/train-{language}.tsv'
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: expected a folder with data files, found none. Check the path.")
    paths = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file() and _is_data(path)]
    readings = {path: _readings(path.as_posix()) for path in paths}
    weight = Counter(template for found in readings.values() for template in {one[0] for one in found})
    files: dict[tuple[str, Split], Path] = {}
    by_split: dict[Split, Counter[str]] = defaultdict(Counter)
    chosen = {}
    for path, found in readings.items():
        if found:
            chosen[path] = max(found, key=lambda one: (weight[one[0]], one[1] not in _SPLITS))
            by_split[chosen[path][2]][chosen[path][0]] += 1
    templates = {split: counts.most_common(1)[0][0] for split, counts in by_split.items()}
    for path, (template, language, split) in chosen.items():
        if templates[split] == template:
            files[language, split] = folder / path
    if not files:
        names = ", ".join(str(path) for path in paths[:5]) or "no data file"
        raise InputError(
            f"{folder}: expected file names with a language, such as train-en.conll or swahili.conll, found {names}. "
            "Rename them, or write the task's YAML file by hand; see docs/data.md."
        )
    used = set(files.values())
    return Layout(templates, files, tuple(folder / path for path in paths if folder / path not in used))


def _is_data(path: Path) -> bool:
    name = path.name.removesuffix(".gz")
    hidden = any(part.startswith(".") for part in path.parts[-3:])
    return Path(name).suffix.lower() in _ENDINGS and not hidden and not _NO_DATA.match(name)


def _readings(path: str) -> Sequence[tuple[str, str, Split]]:
    """Return each way to read a path: template, language and split."""
    stem = re.sub(r"(\.[A-Za-z0-9]+)(\.gz)?$", "", path)
    words = list(_WORD.finditer(stem))
    splits = [_SPLITS[word[0].lower()] for word in words if word[0].lower() in _SPLITS]
    split = splits[-1] if splits else "train"
    found = []
    for word in words:
        text = word[0]
        base = re.split("[-_]", text)[0]
        if base.lower() in LANGUAGES or text.casefold() in _NAMES:
            found.append((path[: word.start()] + "{language}" + path[word.end() :], text, split))
    return found
