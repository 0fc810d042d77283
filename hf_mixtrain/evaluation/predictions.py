"""Predictions as files: JSON Lines, or the layout that XTREME's evaluation script reads."""

import json
from pathlib import Path
from typing import Any

from datasets import Dataset

from hf_mixtrain.data import Task
from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.files import atomic_write_text

PREDICTIONS_FILE = "predictions.jsonl"


def write_predictions(
    folder: str | Path, task: Task, language: str, raw: Dataset, predictions: list[Any], *, split: str = "test"
) -> Path:
    r"""Write the predictions of one language to ``<folder>/<task>/<split>-<language>.tsv``, or ``.json`` for answers.

    Tagging: one tag a line, an empty line after each sentence. Classification: one label a line. Question answering:
    one JSON object from question id to answer.

    Source: google-research/xtreme, ``evaluate.py``.

    Args:
        folder: Folder of all tasks' predictions; missing folders are made.
        task: The task.
        language: Language code.
        raw: The raw rows that were predicted; their ``id`` names the questions.
        predictions: One for each row, as `predict` returns them.
        split: Name of the split.

    Returns:
        The file.

    Example:
        >>> import tempfile
        >>> from hf_mixtrain.data import load_task
        >>> raw = Dataset.from_dict({"id": ["a", "b"]})
        >>> file = write_predictions(tempfile.mkdtemp(), load_task("panx"), "de", raw, [["O", "B-PER"], ["O"]])
        >>> file.name, file.read_text()
        ('test-de.tsv', 'O\nB-PER\n\nO\n\n')
    """
    name = f"{task.name}/{split}-{language}"
    if task.kind == "question-answering":
        answers = dict(zip(raw["id"][:], predictions, strict=True))
        text = json.dumps(answers, ensure_ascii=False, indent=2) + "\n"
        return atomic_write_text(Path(folder, f"{name}.json"), text)
    sentences = predictions if task.kind == "token-classification" else [[label] for label in predictions]
    end = "\n" if task.kind == "token-classification" else ""
    text = "".join("".join(f"{label}\n" for label in labels) + end for labels in sentences)
    return atomic_write_text(Path(folder, f"{name}.tsv"), text)


def prediction_lines(
    task: Task, language: str, raw: Dataset, predictions: list[Any], gold: list[Any], *, split: str = "test"
) -> str:
    """Return one JSON object a line for each row: language, split, id, what was read, the prediction and the gold.

    Of questions the text that they are about is left out: it may be long, and the id finds it.

    Args:
        task: The task.
        language: Language code.
        raw: The raw rows that were predicted.
        predictions: One for each row, as `predict` returns them.
        gold: What is right, likewise; for questions all answers that count.
        split: Name of the split.

    Example:
        >>> from hf_mixtrain.data import load_task
        >>> raw = Dataset.from_dict({"id": ["a"], "tokens": [["in", "Bonn"]]})
        >>> line = prediction_lines(load_task("panx"), "de", raw, [["O", "O"]], [["O", "B-LOC"]])
        >>> json.loads(line)["prediction"], json.loads(line)["gold"]
        (['O', 'O'], ['O', 'B-LOC'])
    """
    shown = [name for name in KINDS[task.kind].texts if name != "context"]
    columns = {name: raw[name][:] for name in ("id", *shown)}
    lines = []
    for row, (prediction, right) in enumerate(zip(predictions, gold, strict=True)):
        of_row = {name: values[row] for name, values in columns.items()}
        value = {"language": language, "split": split, **of_row, "prediction": prediction, "gold": right}
        lines.append(json.dumps(value, ensure_ascii=False) + "\n")
    return "".join(lines)
