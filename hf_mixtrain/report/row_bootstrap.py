"""How much of a difference could be the choice of test rows: a paired bootstrap over saved predictions."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from hf_mixtrain.errors import InputError
from hf_mixtrain.metrics.question_answering import SquadF1, answer_scores
from hf_mixtrain.metrics.token_classification import span_counts
from hf_mixtrain.report.grouping import Group
from hf_mixtrain.report.pairing import MINIMUM_SEEDS, pair_rows
from hf_mixtrain.report.significance import Comparison
from hf_mixtrain.results import read_results

# The file that --save_predictions leaves beside results.json.
_FILE = "predictions.jsonl"
_SAMPLES = 1000

Predictions = Mapping[str, Path]


class RowCounts(NamedTuple):
    """What the score of a test set is made of, row by row: the score is 100 · sum of ``right`` / sum of ``of``."""

    right: np.ndarray
    of: np.ndarray


def find_predictions(*paths: str | Path) -> dict[str, Path]:
    """The files of predictions below some folders, by the results that they stand beside (`identity`)."""
    files = (file for path in paths if Path(path).is_dir() for file in sorted(Path(path).rglob(_FILE)))
    return {identity(read_results(file.parent)): file for file in files if (file.parent / "results.json").is_file()}


def identity(result: Mapping[str, Any]) -> str:
    """What tells a result from others: which cell it is, and all its scores."""
    keys = ("task", "method", "shots", "seed", "model", "scores")
    return json.dumps({key: result[key] for key in keys}, sort_keys=True)


def add_test_rows(group: Group, comparisons: Sequence[Comparison], predictions: Predictions) -> list[Comparison]:
    """Widen the intervals of comparisons by the noise of the test rows, where all their predictions were saved.

    Source: the paired bootstrap over test items (Efron and Tibshirani 1993; Koehn 2004), here of the mean difference
    over seeds and languages: each of 1,000 samples draws the rows of each language anew, the same for both methods and
    all seeds. Its variance is added to that over seeds, and the degrees of freedom are Welch and Satterthwaite's.
    Differences between rows that come from the seed are in both, so that the interval is a little too wide.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        comparisons: As `hf_mixtrain.report.significance` returns them for this group.
        predictions: As `find_predictions` returns them.

    Returns:
        The comparisons, with ``low_rows`` and ``high_rows`` where they can be known: at least 3 seeds, and a metric
        that is a share or an F1 of counts (entities, accuracy, answers).
    """
    cache: dict[tuple[str, int, int], dict[str, RowCounts] | None] = {}
    return [_with_rows(group, pair, predictions, cache) for pair in comparisons]


def _with_rows(
    group: Group,
    pair: Comparison,
    predictions: Predictions,
    cache: dict[tuple[str, int, int], dict[str, RowCounts] | None],
) -> Comparison:
    pairs, at = pair_rows(group, pair.shots, pair.row, pair.over), group.rows_at(pair.shots)
    if pairs is None or pair.sd is None or len(pairs.seeds) < MINIMUM_SEEDS:
        return pair
    sides = []
    for row in (pair.row, pair.over):
        for seed in pairs.seeds:
            cell = (row, at[row], seed)
            if cell not in cache:
                file = predictions.get(identity(group.cells[row, at[row]][seed]))
                cache[cell] = _read(file, group) if file else None
        sides.append([cache[row, at[row], seed] for seed in pairs.seeds])
    variance = _test_variance(sides, pairs.languages)
    if variance is None:
        return pair
    of_seeds = pair.sd**2 / len(pairs.seeds)
    total = of_seeds + variance
    degrees = total**2 / (of_seeds**2 / (len(pairs.seeds) - 1)) if of_seeds else math.inf
    half = float(stats.t.ppf(0.975, degrees)) * math.sqrt(total)
    return pair._replace(low_rows=pair.gain - half, high_rows=pair.gain + half)


def _test_variance(sides: list[list[dict[str, RowCounts] | None]], languages: Sequence[str]) -> float | None:
    """Variance over samples of test rows of the mean difference; None if a prediction is missing or of other rows."""
    total = np.zeros(_SAMPLES)
    rng = np.random.default_rng(0)
    for language in languages:
        runs = [[run[language] if run and language in run else None for run in side] for side in sides]
        sizes = {len(run.right) if run else 0 for side in runs for run in side}
        if len(sizes) != 1 or 0 in sizes:
            return None
        [size] = sizes
        weights = rng.multinomial(size, [1 / size] * size, size=_SAMPLES).astype(float)
        first, second = (np.mean([_scores(weights, run) for run in side if run], axis=0) for side in runs)
        total += (first - second) / len(languages)
    return float(total.var(ddof=1))


def _scores(weights: np.ndarray, run: RowCounts) -> np.ndarray:
    right, of = weights @ run.right, weights @ run.of
    return 100 * np.divide(right, of, out=np.zeros_like(right), where=of > 0)


def _read(file: Path, group: Group) -> dict[str, RowCounts] | None:
    """The counts of each language's rows; None if the metric is not made of counts of rows."""
    rows: dict[str, list[tuple[float, float]]] = {}
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: no text in UTF-8 ({error}). Delete the file.") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            language, predicted, gold = row["language"], row["prediction"], row["gold"]
            counted = language in group.languages and row.get("split", "test") == "test"
            counts = row_counts(group.metric, predicted, gold, xtreme=group.task == "udpos") if counted else None
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise InputError(f"{file}, line {number}: no prediction ({error!r}). Delete the file.") from None
        if counted:
            if counts is None:
                return None
            rows.setdefault(language, []).append(counts)
    return {code: RowCounts(*map(np.array, zip(*counts, strict=True))) for code, counts in rows.items()}


def row_counts(metric: str, predicted: Any, gold: Any, *, xtreme: bool = False) -> tuple[float, float] | None:
    """What one row adds to a score: (right, of); None if the metric is no ratio of sums over rows.

    Args:
        metric: Name of the metric.
        predicted: Tags, a label, labels or an answer.
        gold: The same; for an answer, all that count.
        xtreme: Whether tags are scored as XTREME scores udpos.

    Example:
        >>> row_counts("f1", ["B-PER", "O"], ["B-PER", "B-LOC"]), row_counts("accuracy", "yes", "no")
        ((2, 3), (0, 1))
    """
    tags = isinstance(predicted, list)
    if metric == "accuracy":
        pairs = list(zip(predicted, gold, strict=True)) if tags else [(predicted, gold)]
        return sum(p == g for p, g in pairs), len(pairs)
    if metric == "f1" and tags:
        right, found, known = span_counts(predicted, gold, xtreme=xtreme)
        return 2 * right, found + known
    if metric in SquadF1.keys and isinstance(predicted, str) and isinstance(gold, list):
        return answer_scores(predicted, gold)[metric], 1
    return None
