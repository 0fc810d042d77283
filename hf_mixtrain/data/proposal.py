"""A task and a recipe that suit a folder of files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_mixtrain.data.file_content import Content, content_of, ordered_labels
from hf_mixtrain.data.file_layout import Layout, layout_of
from hf_mixtrain.data.languages import LANGUAGES
from hf_mixtrain.data.tag_schemes import style_of
from hf_mixtrain.errors import InputError

_ENGLISH = ("en", "eng", "english")
# So many updates of so many rows are enough for an encoder to learn a small task, and more do not harm.
_UPDATES, _BATCH = 600, 16
_FEWEST_EPOCHS, _MOST_EPOCHS = 3, 30
_MOST_SHOTS = 50


@dataclass(frozen=True)
class Proposal:
    """What is proposed.

    Attributes:
        task: The content of a task's file.
        recipe: Flags of ``run``.
        notes: What was found, for people.
    """

    task: dict[str, Any]
    recipe: dict[str, Any]
    notes: list[str]


def propose(folder: Path, sources: Sequence[str] = ()) -> Proposal:
    """Look at the files of a folder and propose a task and a recipe.

    Args:
        folder: The folder.
        sources: The source languages. Default: English, or the language with the most training rows.

    Raises:
        InputError: If the files' names or contents are not understood, or a source language has no training file.
    """
    layout = layout_of(folder)
    contents = {where: content_of(path) for where, path in layout.files.items()}
    kinds = {content.kind for content in contents.values()}
    if len(kinds) > 1:
        each = ", ".join(f"{layout.files[where].name}: {content.kind}" for where, content in contents.items())
        raise InputError(f"{folder}: expected files for one kind of task, found {each:.200}. Leave one kind out.")
    trained = {language: content.rows for (language, split), content in contents.items() if split == "train"}
    if not trained:
        raise InputError(f"{folder}: expected a training file, found {', '.join(layout.templates.values())}. Add one.")
    if missing := [code for code in sources if code not in trained]:
        raise InputError(
            f"{folder}: expected a training file of the source language {missing[0]!r}, found those of "
            f"{', '.join(trained)}. Use the codes of the file names."
        )
    largest = max(trained, key=lambda code: trained[code])
    sources = sources or [next((code for code in trained if code.lower() in _ENGLISH), largest)]
    return Proposal(
        _task(folder, layout, contents, sources), _recipe(trained, sources), _notes(layout, contents, sources)
    )


def _task(folder: Path, layout: Layout, contents: dict[Any, Content], sources: Sequence[str]) -> dict[str, Any]:
    kind = next(iter(contents.values())).kind
    found: set[str] = set().union(*(content.labels for content in contents.values()))
    labels = ordered_labels(found) if kind == "token-classification" else sorted(found)
    entities = kind == "token-classification" and style_of(labels) is not None
    name = "".join(char if char.isalnum() or char in "-_" else "-" for char in folder.resolve().name).strip("-")
    task: dict[str, Any] = {
        "name": name or "mine",
        "kind": kind,
        "languages": [*sources, *(code for code in layout.languages if code not in sources)],
    }
    if labels:
        task["labels"] = labels
    task["metric"] = "f1" if entities or kind == "question-answering" else "accuracy"
    columns = next((content.columns for content in contents.values() if content.columns), {})
    if columns:
        task["columns"] = columns
    if not any(language not in sources and split == "train" for language, split in layout.files) and any(
        split == "dev" for _, split in layout.files
    ):
        task["shots_split"] = "dev"
    task["folder"] = dict(layout.templates)
    if any((source, "test") not in layout.files for source in sources):
        task["test_from_train"] = 0.1
    task["defaults"] = {"max_length": 384 if kind == "question-answering" else 128}
    return task


def _recipe(trained: dict[str, int], sources: Sequence[str]) -> dict[str, Any]:
    shots = [rows for language, rows in trained.items() if language not in sources]
    of_source = sum(trained[source] for source in sources)
    epochs = round(_UPDATES * _BATCH / max(1, of_source))
    return {
        "method": ["naive-mix-train"] if shots else ["zero-shot"],
        "shots": [max(1, min(_MOST_SHOTS, max(shots, default=1)))],
        "seeds": [1],
        "source_language": ",".join(sources),
        "model_name_or_path": "xlm-roberta-base",
        "num_train_epochs": min(_MOST_EPOCHS, max(_FEWEST_EPOCHS, epochs)),
        "learning_rate": 5e-5 if of_source < 1000 else 2e-5,
        "warmup_steps": 0.1,
        "per_device_train_batch_size": _BATCH,
    }


def _notes(layout: Layout, contents: dict[Any, Content], sources: Sequence[str]) -> list[str]:
    kind = next(iter(contents.values())).kind
    notes = [f"{kind}; source language{'s' * (len(sources) > 1)} {', '.join(sources)}"]
    for language in layout.languages:
        parts = [
            f"{split} {contents[language, split].rows}" for split in layout.templates if (language, split) in contents
        ]
        name = f" ({LANGUAGES[language].name})" if language in LANGUAGES else ""
        notes.append(f"  {language}{name}: {', '.join(parts)} rows")
    notes += [f"  not used, as its name does not fit: {path.name}" for path in layout.unused]
    return notes
