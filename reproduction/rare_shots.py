"""Collect the results of the study of rare shots, and write the tables of rare-shots.md from them.

python reproduction/rare_shots.py out/rare-shots out/rare-shots-control   adds the results below these folders
python reproduction/rare_shots.py                                         writes the tables again
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

RESULTS = Path(__file__).parent / "rare-shots.jsonl"
PAGE = Path(__file__).parent / "rare-shots.md"
START, END = "<!-- tables: made by rare_shots.py -->\n", "<!-- end of tables -->\n"
_NAMES = {
    "naive-mix-train": "naive mixing",
    "gradient-mix-train": "surgery",
    "upsampled-mix-train": "control: shots repeated",
}
_ROWS_SEEN = {
    "naive-mix-train": "4,050",
    "gradient-mix-train": "4,050, and 5 shots at each of 254 updates",
    "upsampled-mix-train": "5,328",
}
_PAIRS = (
    ("gradient-mix-train", "naive-mix-train"),
    ("gradient-mix-train", "upsampled-mix-train"),
    ("upsampled-mix-train", "naive-mix-train"),
)


def collect(folders: Iterable[str]) -> None:
    """Add the results below some folders to `RESULTS`; of the same cell the newer ones count."""
    known = {(cell["seed"], cell["method"]): cell for cell in read(RESULTS)}
    for results in find_results(*folders):
        versions = {name: value for name, value in results["versions"].items() if name != "commit"}
        known[results["seed"], results["method"]] = dict(results, versions=versions)
    lines = (json.dumps(known[name], ensure_ascii=False) + "\n" for name in sorted(known))
    RESULTS.write_text("".join(lines), encoding="utf-8")


def read(path: Path) -> list[dict[str, Any]]:
    """Return the results of a file, one a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def whole_seeds(results: Sequence[Mapping[str, Any]]) -> dict[int, dict[str, float]]:
    """Return for each seed that has all three methods their mean F1 over the target languages."""
    found: dict[int, dict[str, float]] = {}
    for cell in results:
        score = mean(value["f1"] for language, value in cell["scores"].items() if language != "en")
        found.setdefault(cell["seed"], {})[cell["method"]] = score
    return {seed: scores for seed, scores in sorted(found.items()) if set(scores) == set(_NAMES)}


def tables(results: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of means and the table of differences paired over the seeds, as Markdown."""
    seeds = whole_seeds(results)
    means = ["| method | rows seen | F1 over targets |", "|---|---:|---:|"]
    for method in _NAMES:
        summary = summarize([scores[method] for scores in seeds.values()])
        spread = f" ± {summary.sd:.2f}" if summary.sd is not None else ""
        means.append(f"| {method} | {_ROWS_SEEN[method]} | {summary.mean:.2f}{spread} ({summary.n}) |")
    pairs = ["| difference | F1 | 95 % CI | p | won |", "|---|---:|---:|---:|---:|"]
    for one, other in _PAIRS:
        pairs.append(f"| {_NAMES[one]} − {_NAMES[other]} | {_difference(difference(seeds, one, other))} |")
    surgery = [cell for cell in results if cell["method"] == "gradient-mix-train" and cell["seed"] in seeds]
    rate = mean(cell["surgery"]["conflict_rate"] for cell in surgery)
    said = f"Seeds {min(seeds)} to {max(seeds)}; {100 * rate:.0f} % of the updates of surgery were in conflict."
    return "\n".join([said, "", *means, "", *pairs])


def difference(seeds: Mapping[int, Mapping[str, float]], one: str, other: str) -> list[float]:
    """Return one method's F1 minus another's, seed by seed."""
    return [scores[one] - scores[other] for scores in seeds.values()]


def _difference(paired: Sequence[float]) -> str:
    summary, bounds, value = summarize(paired), mean_interval(paired), paired_t(paired)
    spread = f" ± {summary.sd:.2f}" if summary.sd is not None else ""
    interval = f"{bounds[0]:+.2f} to {bounds[1]:+.2f}" if bounds else "too few"
    p = "" if value is None else f"{value:.1g}" if value < 0.001 else f"{value:.3f}"
    won = sum(value > 0 for value in paired)
    return f"{summary.mean:+.2f}{spread} ({summary.n}) | {interval} | {p} | {won} of {len(paired)}"


def write_page() -> None:
    """Write the tables into the page."""
    before, rest = PAGE.read_text(encoding="utf-8").split(START)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{START}\n{tables(read(RESULTS))}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:]:
        collect(sys.argv[1:])
    write_page()
