"""The table on the screen at the end of a grid: languages by methods."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from hf_mixtrain.methods import METHODS
from hf_mixtrain.report.statistics import summarize
from hf_mixtrain.report.table import MISSING, Table, to_text
from hf_mixtrain.source_languages import sources_of


def summary_table(results: Sequence[Mapping[str, Any]]) -> str:
    """Return the main metric by language and method as plain text.

    Args:
        results: Results of one task, as `hf_mixtrain.results.read_results` gives them; with several seeds of a method
            and K, the table has mean and sample standard deviation.

    Returns:
        A line for each language, source first, then the mean over the targets and the mean over all languages. Empty
        if there are no results.

    Example:
        >>> cell = {"task": "panx", "method": "zero-shot", "shots": 0, "seed": 1, "metric": "f1", "average": 70.0,
        ...         "languages": ["en", "sw"], "scores": {"en": {"f1": 80.0}, "sw": {"f1": 60.0}}}
        >>> print(summary_table([cell]))
        panx, f1
        language  zero-shot K=0
        en                80.00
        sw                60.00
        targets           60.00
        all               70.00
    """
    if not results:
        return ""
    columns: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    for result in results:
        columns.setdefault((result["method"], result["shots"]), []).append(result)
    order = list(METHODS)
    keys = sorted(columns, key=lambda key: (key[1] > 0, key[1], order.index(key[0]) if key[0] in order else len(order)))
    languages = dict.fromkeys(language for result in results for language in result["languages"])
    header = ["language", *(f"{METHODS[m].title if m in METHODS else m} K={shots}" for m, shots in keys)]
    rows = [
        [name, *(_cell([_value(result, name) for result in columns[key]]) for key in keys)]
        for name in [*languages, "targets", "all"]
    ]
    text = to_text(Table(f"{results[0]['task']}, {results[0]['metric']}", header, rows))
    counts = sorted({len(column) for column in columns.values()})
    if counts[-1] > 1:
        text += f"\nmean ± sample sd over {'–'.join(map(str, dict.fromkeys((counts[0], counts[-1]))))} seeds"
    return text


def _value(result: Mapping[str, Any], name: str) -> float | None:
    metric, languages = result["metric"], result["languages"]
    if name == "targets":
        targets = [language for language in languages[1:] if language not in sources_of(result)]
        return fmean(result["scores"][language][metric] for language in targets) if targets else None
    if name == "all":
        return float(result["average"])
    return result["scores"][name][metric] if name in result["scores"] else None


def _cell(values: list[float | None]) -> str:
    summary = summarize([value for value in values if value is not None])
    if summary is None:
        return MISSING
    return f"{summary.mean:.2f}" + (f" ± {summary.sd:.2f}" if summary.sd is not None else "")
