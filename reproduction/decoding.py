"""Collect the results of the study of decoding, and write the tables of decoding.md from them.

python reproduction/decoding.py out/panx-first out/panx-content …   adds the results below these folders
python reproduction/decoding.py                                    writes the tables again
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from hf_mixtrain.report.significance import mean_interval, paired_t
from hf_mixtrain.report.statistics import summarize
from hf_mixtrain.results import find_results

RESULTS = Path(__file__).parent / "decoding.jsonl"
PAGE = Path(__file__).parent / "decoding.md"
START, END = "<!-- tables: made by decoding.py -->\n", "<!-- end of tables -->\n"
_RULES = ("argmax", "legal", "transitions", "as run chooses")
_PIECES = ("first", "bare", "content", "all")
_NAMES = {
    "first": "first piece",
    "bare": "first with content, bare marks left out",
    "content": "first with content",
    "all": "all pieces",
}
_NOTHING = " | | "
_BASELINE = ("first", "argmax")
_RECOMMENDED = ("content", "as run chooses")


def collect(folders: Iterable[str]) -> None:
    """Add the results below some folders to `RESULTS`; of the same cell the newer ones count."""
    known = {key(results): results for results in read(RESULTS)} if RESULTS.is_file() else {}
    for results in find_results(*folders):
        kept = dict(results, versions={k: v for k, v in results["versions"].items() if k != "commit"})
        known[key(kept)] = kept
    lines = (json.dumps(known[name], ensure_ascii=False) + "\n" for name in sorted(known))
    RESULTS.write_text("".join(lines), encoding="utf-8")


def read(path: Path) -> list[dict[str, Any]]:
    """Return the results of a file, one a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def key(results: Mapping[str, Any]) -> tuple[str, str, int]:
    """Name a cell of the study: task, label piece, seed."""
    return results["task"], results["settings"].get("label_piece", "content"), results["seed"]


def targets(results: Mapping[str, Any], rule: str) -> float:
    """Return the mean of the main metric over the target languages, by a rule of decoding."""
    source = results["settings"].get("source_language", "en")
    return mean(score for language, score in scores(results, rule).items() if language != source)


def scores(results: Mapping[str, Any], rule: str) -> dict[str, float]:
    """Return the main metric of each language by a rule, or by the one that was chosen on dev data of the source."""
    chosen = results["decoding"]["rule"] if rule == "as run chooses" else rule
    return results["decoding"]["scores"][chosen]


def tables(results: Sequence[Mapping[str, Any]]) -> str:
    """Return a Markdown table for each task: means over the targets, and differences paired over the seeds."""
    parts = []
    for task in sorted({cell["task"] for cell in results}):
        found = {key(cell)[1:]: cell for cell in results if cell["task"] == task}
        rows = [_row(found, piece, rule) for piece in _PIECES for rule in _RULES]
        head = f"**{task}** over {len(next(iter(found.values()))['languages']) - 1} targets\n\n"
        head += "| label on | decoding | targets | against first piece, argmax | 95 % CI | p | won "
        head += "| against argmax of the same models | 95 % CI | p | seeds |\n"
        head += "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---|\n"
        parts.append(head + "".join(filter(None, rows)) + _languages(found))
    return "\n".join(parts)


def _languages(found: Mapping[tuple[str, int], Mapping[str, Any]]) -> str:
    """Return a table of the recommended setting against the baseline, language by language."""
    pairs = [(cell, found[_BASELINE[0], seed]) for (piece, seed), cell in found.items() if piece == _RECOMMENDED[0]]
    if not pairs:
        return ""
    rows = ["\n| language | first piece, argmax | content, as run chooses | difference | 95 % CI | won |\n"]
    rows.append("|---|---:|---:|---:|---:|---:|\n")
    for language in scores(pairs[0][0], "argmax"):
        ours = [scores(cell, _RECOMMENDED[1])[language] for cell, _ in pairs]
        base = [scores(cell, _BASELINE[1])[language] for _, cell in pairs]
        paired = [one - other for one, other in zip(ours, base, strict=True)]
        numbers = [_number(summarize(base), ".2f"), _number(summarize(ours), ".2f"), _number(summarize(paired), "+.2f")]
        rows.append(f"| {' | '.join([language, *numbers, _interval(paired), _won(paired)])} |\n")
    return "".join(rows)


def _interval(paired: Sequence[float]) -> str:
    bounds = mean_interval(paired)
    return f"{bounds[0]:+.2f} to {bounds[1]:+.2f}" if bounds else "too few"


def _won(paired: Sequence[float]) -> str:
    return f"{sum(value > 0 for value in paired)} of {len(paired)}"


def _difference(paired: Sequence[float]) -> str:
    """Return mean, interval and p-value of differences, as three cells."""
    value = paired_t(paired)
    p = "" if value is None else f"{value:.1g}" if value < 0.001 else f"{value:.3f}"
    return f"{_number(summarize(paired), '+.2f')} | {_interval(paired)} | {p}"


def _row(found: Mapping[tuple[str, int], Mapping[str, Any]], piece: str, rule: str) -> str:
    cells = {seed: cell for (its, seed), cell in found.items() if its == piece}
    if not cells:
        return ""
    summary = summarize([targets(cell, rule) for cell in cells.values()])
    base = {seed: cell for (its, seed), cell in found.items() if its == _BASELINE[0]}
    paired = [targets(cells[seed], rule) - targets(base[seed], _BASELINE[1]) for seed in cells if seed in base]
    is_compared = paired and (piece, rule) != _BASELINE
    against, won = (_difference(paired), _won(paired)) if is_compared else (_NOTHING, "")
    same = [targets(cell, rule) - targets(cell, "argmax") for cell in cells.values()]
    own = _difference(same) if rule != "argmax" else _NOTHING
    seeds = _spans(sorted(cells))
    name = f"| {_NAMES[piece]} | {rule} | {_number(summary, '.2f')}"
    return f"{name} | {against} | {won} | {own} | {seeds} |\n"


def _spans(seeds: Sequence[int]) -> str:
    """Write seeds that follow each other as a span: 9 to 20."""
    whole = len(seeds) > 2 and seeds[-1] - seeds[0] == len(seeds) - 1
    return f"{seeds[0]} to {seeds[-1]}" if whole else " ".join(map(str, seeds))


def _number(summary: Any, form: str) -> str:
    spread = f" ± {summary.sd:.2f}" if summary.sd is not None else ""
    return f"{summary.mean:{form}}{spread} ({summary.n})"


def write_page() -> None:
    """Write the tables into the page."""
    before, rest = PAGE.read_text(encoding="utf-8").split(START)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{START}\n{tables(read(RESULTS))}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:]:
        collect(sys.argv[1:])
    write_page()
