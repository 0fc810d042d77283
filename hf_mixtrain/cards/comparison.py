"""What one cell is compared with: the zero-shot model, and the same cell with other seeds."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hf_mixtrain.source_languages import sources_of

Results = Mapping[str, Any]

# A zero-shot score is a fair baseline only if it was measured on the same data.
_DATA_SETTINGS = (
    "data_source",
    "source_language",
    "max_source_examples",
    "max_eval_examples",
    "max_length",
    "doc_stride",
)
# These differ between seeds or machines and say nothing about what was trained.
_NOT_COMPARED = {"seed", "seeds", "data_seed", "output_dir", "shots_file"}


class Spread(NamedTuple):
    """Mean and sample standard deviation over ``n`` seeds; ``sd`` is None for one seed."""

    mean: float
    sd: float | None
    n: int


class Row(NamedTuple):
    """One line of the table of results: a language, or the mean over several."""

    language: str
    shots: int
    zero_shot: float | None
    score: float
    seeds: Spread

    @property
    def gain(self) -> float | None:
        """Score minus the zero-shot score; None where that is unknown."""
        return None if self.zero_shot is None else self.score - self.zero_shot


class Comparison(NamedTuple):
    """The rows of the table, the means below it, and where the other numbers are from."""

    rows: tuple[Row, ...]
    means: tuple[Row, ...]
    zero_shot_seeds: tuple[int, ...]
    seeds: tuple[int, ...]


def compare(results: Results, siblings: Sequence[Results] = ()) -> Comparison:
    """Set the scores of one cell beside those of its siblings.

    Siblings count only where they are comparable: same task, model, metric and languages. The zero-shot scores are
    those of the same seed, or the mean over seeds where that seed is missing; the data must be cut the same way. The
    spread over seeds is over cells of the same method, K and settings.

    Args:
        results: The cell, as `hf_mixtrain.results.read_results` gives it.
        siblings: Other cells of the grid, in any order; the cell itself may be among them.

    Returns:
        Rows in the order of ``results["languages"]``; ``means`` over all languages and, where there are target
        languages, over these.

    Example:
        >>> cell = dict(task="panx", model="m", metric="f1", languages=["de"], settings={}, shot_ids={"de": ["x"]})
        >>> few = {**cell, "method": "mix-ft", "shots": 1, "seed": 1, "scores": {"de": {"f1": 70.0}}}
        >>> zero = {**few, "method": "zero-shot", "shots": 0, "scores": {"de": {"f1": 60.0}}}
        >>> [(row.language, row.gain) for row in compare(few, [zero]).rows]
        [('de', 10.0)]
    """
    metric = results["metric"]
    seeds, zero_shot = _same_and_baselines(results, siblings)

    def mean(cell: Results, languages: Sequence[str]) -> float:
        return statistics.fmean(cell["scores"][language][metric] for language in languages)

    def row(name: str, languages: Sequence[str]) -> Row:
        values = [mean(cell, languages) for cell in seeds.values()]
        spread = Spread(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None, len(values))
        before = statistics.fmean(mean(cell, languages) for cell in zero_shot.values()) if zero_shot else None
        shots = sum(len(results["shot_ids"].get(language, ())) for language in languages)
        return Row(name, shots, before, mean(results, languages), spread)

    languages = results["languages"]
    sources = sources_of(results)
    targets = [language for language in languages if language not in sources]
    means = [row("mean, all languages", languages)]
    if targets and len(targets) < len(languages):
        means.append(row("mean, target languages", targets))
    return Comparison(
        rows=tuple(row(language, [language]) for language in languages),
        means=tuple(means),
        zero_shot_seeds=tuple(sorted(zero_shot)),
        seeds=tuple(sorted(seeds)),
    )


def compared(results: Results, siblings: Sequence[Results]) -> list[Results]:
    """Return those siblings that `compare` looks at: without the others, it gives the same.

    Args:
        results: The results of the cell that the card is of.
        siblings: Results of other cells.

    Example:
        >>> cell = dict(task="panx", model="m", metric="f1", languages=["de"], settings={})
        >>> few = {**cell, "method": "mix-ft", "shots": 1, "seed": 1}
        >>> zero = {**cell, "method": "zero-shot", "shots": 0, "seed": 1}
        >>> [one["method"] for one in compared(few, [few, zero, {**few, "task": "udpos"}])]
        ['zero-shot']
    """
    seeds, zero_shot = _same_and_baselines(results, siblings)
    return [*(cell for seed, cell in seeds.items() if seed != results["seed"]), *zero_shot.values()]


def _same_and_baselines(results: Results, siblings: Sequence[Results]) -> tuple[dict[int, Results], dict[int, Results]]:
    """By seed: cells like this one, itself among them, and the zero-shot cells that it is compared with."""
    related = [cell for cell in siblings if _same_work(cell, results)]
    seeds = {cell["seed"]: cell for cell in related if _same_cell(cell, results)} | {results["seed"]: results}
    zero_shot = {cell["seed"]: cell for cell in related if _is_baseline(cell, results)}
    if results["seed"] in zero_shot:
        zero_shot = {results["seed"]: zero_shot[results["seed"]]}
    return seeds, zero_shot


def _same_work(cell: Results, results: Results) -> bool:
    same = all(cell[key] == results[key] for key in ("task", "model", "metric"))
    return same and set(cell["languages"]) == set(results["languages"])


def _same_cell(cell: Results, results: Results) -> bool:
    def settings(one: Results) -> dict[str, Any]:
        return {key: value for key, value in one["settings"].items() if key not in _NOT_COMPARED}

    return all(cell[key] == results[key] for key in ("method", "shots")) and settings(cell) == settings(results)


def _is_baseline(cell: Results, results: Results) -> bool:
    if cell["method"] != "zero-shot" or results["method"] == "zero-shot":
        return False
    return all(cell["settings"].get(key) == results["settings"].get(key) for key in _DATA_SETTINGS)
