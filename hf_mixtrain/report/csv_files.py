"""The scores as CSV: one file of means, one with a line for each score of each run."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hf_mixtrain.escaping import csv_cell
from hf_mixtrain.report.content import metrics_of
from hf_mixtrain.report.grouping import Group, group_results
from hf_mixtrain.report.pairing import comparable_means
from hf_mixtrain.report.statistics import ranks, summarize

_AVERAGE = "average"
_MEANS = (
    "task",
    "model",
    "metric",
    "method",
    "shots",
    "language",
    "mean",
    "sd",
    "n",
    "gain",
    "gain_n",
    "rank",
    "rank_n",
)
_SCORES = ["task", "model", "method", "shots", "seed", "language", "metric", "score", "warnings"]


def report_csv(results: Sequence[Mapping[str, Any]], *, languages: Sequence[str] | None = None) -> str:
    r"""Means over seeds: a line for each metric, method, K and language, and for the averages.

    Columns: ``task, model, metric, method, shots, language, mean, sd, n, gain, gain_n, rank, rank_n``. ``gain`` is over
    zero-shot, over the ``gain_n`` seeds that both have; ``rank`` is among the methods of that K and zero-shot, by the
    mean on the ``rank_n`` seeds that the row shares with the baseline; what is missing is empty.

    Args:
        results: As `hf_mixtrain.results.find_results` returns them.
        languages: As in `write_report`.

    Example:
        >>> from hf_mixtrain.results import find_results
        >>> results = [cell for cell in find_results("reproduction/study.jsonl") if cell["task"] == "tydiqa"]
        >>> print(*report_csv(results).splitlines()[:2], sep="\n")
        task,model,metric,method,shots,language,mean,sd,n,gain,gain_n,rank,rank_n
        tydiqa,embedded:multilingual-e5-small,f1,zero-shot,0,en,47.376348,4.995098,3,,,1,3
    """
    lines: list[Iterable[object]] = [_MEANS]
    for group in group_results(results, languages=languages):
        for metric in metrics_of(group):
            for shots in group.shots:
                for language in [*group.languages, _AVERAGE]:
                    lines += [(group.task, group.model, metric, *r) for r in _means(group, metric, shots, language)]
    return _written(lines)


def scores_csv(results: Sequence[Mapping[str, Any]], *, languages: Sequence[str] | None = None) -> str:
    r"""Every score: a line for each cell (method, K, seed), language and metric, for programs that do statistics.

    Columns: ``task, model, method, shots, seed, language, metric, score, warnings``; ``method`` is the row of the
    tables, ``warnings`` what makes the run's scores doubtful.

    Args:
        results: As `hf_mixtrain.results.find_results` returns them.
        languages: As in `write_report`.

    Example:
        >>> from hf_mixtrain.results import find_results
        >>> results = [cell for cell in find_results("reproduction/study.jsonl") if cell["task"] == "tydiqa"]
        >>> print(*scores_csv(results).splitlines()[:2], sep="\n")
        task,model,method,shots,seed,language,metric,score,warnings
        tydiqa,embedded:multilingual-e5-small,zero-shot,0,1,en,exact_match,32.000000,
    """
    lines: list[Iterable[object]] = [_SCORES]
    for group in group_results(results, languages=languages):
        for row, shots in sorted(group.cells, key=lambda cell: (group.rows.index(cell[0]), cell[1])):
            for seed, result in sorted(group.cells[row, shots].items()):
                warnings = "; ".join(result.get("warnings", ()))
                for language in group.languages:
                    for metric, score in sorted(result["scores"].get(language, {}).items()):
                        cell = (group.task, group.model, row, shots, seed)
                        lines.append((*cell, language, metric, f"{score:.6f}", warnings))
    return _written(lines)


def _means(group: Group, metric: str, shots: int, language: str) -> Iterator[tuple[object, ...]]:
    chosen = group.common if language == _AVERAGE else (language,)
    at = group.rows_at(shots)
    means = comparable_means(group, at, chosen, metric)
    placed = dict(zip(means, ranks([mean for mean, _ in means.values()]), strict=True))
    for row, k in at.items():
        values = group.averages(row, k, metric, chosen)
        summary = summarize(values.values())
        if k != shots or summary is None:
            continue
        baseline = group.zero_shot_of(row)
        zero = {} if baseline in (None, row) else group.averages(baseline or "", 0, metric, chosen)
        gain = summarize(values[seed] - zero[seed] for seed in values.keys() & zero.keys())
        sd = "" if summary.sd is None else f"{summary.sd:.6f}"
        gained = (f"{gain.mean:.6f}", gain.n) if gain else ("", "")
        ranked = (f"{placed[row]:g}", means[row][1]) if row in means else ("", "")
        yield (row, k, language, f"{summary.mean:.6f}", sd, summary.n, *gained, *ranked)


def _written(lines: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([csv_cell(cell) for cell in line] for line in lines)
    return text.getvalue()
