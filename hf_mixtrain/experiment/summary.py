"""The table on the screen at the end of a grid: languages by methods."""

from collections.abc import Mapping, Sequence
from statistics import mean, stdev
from typing import Any

from hf_mixtrain.methods import METHODS


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
        panx, f1   zero-shot
                         K=0
        en             80.00
        sw             60.00
        targets        60.00
        all            70.00
    """
    if not results:
        return ""
    columns: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    for result in results:
        columns.setdefault((result["method"], result["shots"]), []).append(result)
    order = list(METHODS)
    keys = sorted(columns, key=lambda key: (key[1] > 0, key[1], order.index(key[0]) if key[0] in order else len(order)))
    first = results[0]
    rows = list(dict.fromkeys(language for result in results for language in result["languages"]))
    lines = [[f"{first['task']}, {first['metric']}", *(METHODS[m].title if m in METHODS else m for m, _ in keys)]]
    lines.append(["", *(f"K={shots}" for _, shots in keys)])
    for name in [*rows, "targets", "all"]:
        values = [[_value(result, name) for result in columns[key]] for key in keys]
        lines.append([name, *(_cell([value for value in column if value is not None]) for column in values)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = [[line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])] for line in lines]
    text = "\n".join("   ".join(line).rstrip() for line in padded)
    counts = sorted({len(column) for column in columns.values()})
    if counts[-1] > 1:
        text += f"\nmean ± sample sd over {'–'.join(map(str, dict.fromkeys((counts[0], counts[-1]))))} seeds"
    return text


def _value(result: Mapping[str, Any], name: str) -> float | None:
    metric, languages = result["metric"], result["languages"]
    if name == "targets":
        return mean(result["scores"][language][metric] for language in languages[1:]) if languages[1:] else None
    if name == "all":
        return result["average"]
    return result["scores"][name][metric] if name in result["scores"] else None


def _cell(values: list[float]) -> str:
    if not values:
        return "–"
    return f"{mean(values):.2f}" + (f" ± {stdev(values):.2f}" if len(values) > 1 else "")
