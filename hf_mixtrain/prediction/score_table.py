"""The scores of one model as a table and as a results file."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hf_mixtrain.files import atomic_write_text
from hf_mixtrain.report.table import Table, to_text
from hf_mixtrain.results import write_results


def score_table(results: Mapping[str, Any]) -> str:
    """Return every score of every language as plain text, and the mean over the languages.

    Args:
        results: From `hf_mixtrain.prediction.evaluate.evaluate_model`.

    Example:
        >>> print(score_table({"task": "panx", "metric": "f1", "model": "./m", "scores": {"de": {"f1": 50.0}}}))
        panx, ./m
        language     f1
        de        50.00
        mean      50.00
    """
    scores = results["scores"]
    found = dict.fromkeys(name for of_language in scores.values() for name in of_language)
    names = sorted(found, key=lambda name: name != results["metric"])
    rows = [[language, *(_cell(of_language.get(name)) for name in names)] for language, of_language in scores.items()]
    means = [[of_language[name] for of_language in scores.values() if name in of_language] for name in names]
    rows.append(["mean", *(_cell(sum(values) / len(values)) for values in means)])
    return to_text(Table(f"{results['task']}, {results['model']}", ["language", *names], rows))


def write_scores(path: str | Path, results: Mapping[str, Any]) -> None:
    """Write results to a file of any name, in the form of a cell's ``results.json``."""
    with tempfile.TemporaryDirectory() as folder:
        text = write_results(folder, results).read_text(encoding="utf-8")
    atomic_write_text(path, text)


def _cell(score: float | None) -> str:
    return "–" if score is None else f"{score:.2f}"
