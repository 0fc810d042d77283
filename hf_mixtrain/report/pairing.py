"""Which cells two rows can be compared on: the same seeds, the same languages."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from hf_mixtrain.report.grouping import ZERO_SHOT, Group
from hf_mixtrain.report.row_names import method_of

# The simplest method that mixes.
BASELINE = "naive-mix-train"
# Two differences do not estimate their spread: a t-test would call any two similar ones significant.
MINIMUM_SEEDS = 3


class Paired(NamedTuple):
    """The differences of two rows where both have a score.

    Attributes:
        seeds: The common seeds.
        languages: Languages in which both rows have a score for each of these seeds.
        differences: Scores of the one minus those of the other, seeds × languages.
        left_out: Common cells (of one seed and one language) that are not among them, because other cells of their
            seed or language are missing.

    Example:
        >>> from hf_mixtrain.report import group_results
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[1]
        >>> paired = pair_rows(group, 5, "gradient-mix-train", "naive-mix-train")
        >>> paired.seeds, paired.languages, paired.differences.shape
        ((1, 2, 3), ('en', 'id', 'ko', 'ru'), (3, 4))
    """

    seeds: tuple[int, ...]
    languages: tuple[str, ...]
    differences: np.ndarray
    left_out: int

    @property
    def by_seed(self) -> list[float]:
        """The mean difference of each seed."""
        return [float(value) for value in self.differences.mean(axis=1)]

    @property
    def by_language(self) -> dict[str, float]:
        """The mean difference of each language, the highest first."""
        means = zip(self.languages, self.differences.mean(axis=0), strict=True)
        return {language: float(gain) for language, gain in sorted(means, key=lambda item: -item[1])}

    @property
    def gain(self) -> float:
        """The mean difference."""
        return float(self.differences.mean())


def pair_rows(group: Group, shots: int, row: str, over: str, metric: str | None = None) -> Paired | None:
    """Pair two rows of a group at one K by seed and language.

    Where a seed lacks languages, seeds or languages are left out so that the rest is complete: of all ways, that which
    keeps most cells, and at least 3 seeds if there are so many.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        shots: K; zero-shot is compared at every K.
        row: A row of the group.
        over: The row it is compared with.
        metric: One of the metrics in the scores; the main one unless told otherwise.

    Returns:
        The pairs; None if there is no seed and language that both rows have at this K.

    Example:
        >>> from hf_mixtrain.report import group_results
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[1]
        >>> paired = pair_rows(group, 5, "naive-mix-train", "zero-shot")
        >>> len(paired.seeds), len(paired.languages), paired.left_out
        (3, 4, 0)
    """
    at = group.rows_at(shots)
    if row not in at or over not in at:
        return None
    scores = {
        language: [group.scores(name, at[name], language, metric) for name in (row, over)]
        for language in group.languages
    }
    common: dict[int, set[str]] = {}
    for language, (first, second) in scores.items():
        for seed in first.keys() & second.keys():
            common.setdefault(seed, set()).add(language)
    seeds = _complete(common)
    if not seeds:
        return None
    shared = set.intersection(*(common[seed] for seed in seeds))
    languages = [language for language in group.languages if language in shared]
    differences = [[scores[code][0][seed] - scores[code][1][seed] for code in languages] for seed in seeds]
    left_out = sum(map(len, common.values())) - len(seeds) * len(languages)
    return Paired(tuple(seeds), tuple(languages), np.array(differences), left_out)


def default_baseline(group: Group) -> str | None:
    """The row that others are compared with unless told otherwise: the simplest method that mixes, else zero-shot.

    Returns:
        ``naive-mix-train``, else a variant of it, else the same of ``zero-shot``, else the first row; None if there is
        only one row.

    Example:
        >>> from hf_mixtrain.report import group_results
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[1]
        >>> default_baseline(group)
        'naive-mix-train'
    """
    rows = group.rows
    if len(rows) < 2:
        return None
    for method in (BASELINE, ZERO_SHOT):
        if variants := [row for row in rows if method_of(row) == method]:
            return method if method in variants else variants[0]
    return rows[0]


def reference_of(group: Group, at: Mapping[str, int]) -> str | None:
    """The row through which rows are put in order: the group's own, the default one, else that with most seeds.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        at: Rows, each with the K of its results.
    """
    for row in (group.reference, default_baseline(group)):
        if row is not None and (row, at.get(row, -1)) in group.cells:
            return row
    found = [row for row, shots in at.items() if (row, shots) in group.cells]
    return max(found, key=lambda row: len(group.cells[row, at[row]]), default=None)


def comparable_means(
    group: Group, at: Mapping[str, int], languages: Sequence[str], metric: str | None = None
) -> dict[str, tuple[float, int]]:
    """Means of rows as they would be on the same seeds, so that they can be put in order.

    The mean of the reference (`reference_of`) is that of all its seeds; the mean of another row is that plus its mean
    difference from the reference over the seeds that both have. With the same seeds everywhere these are the means.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        at: Rows, each with the K of its results.
        languages: The languages to average over.
        metric: One of the metrics in the scores; the main one unless told otherwise.

    Returns:
        For each row, the mean and the number of seeds it is from; rows without a seed of the reference are left out.

    Example:
        >>> from hf_mixtrain.report import group_results
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[1]
        >>> means = comparable_means(group, {"zero-shot": 0, "naive-mix-train": 5}, group.languages)
        >>> {row: (round(mean, 2), seeds) for row, (mean, seeds) in means.items()}
        {'zero-shot': (41.47, 3), 'naive-mix-train': (41.45, 3)}
    """
    reference = reference_of(group, at)
    if reference is None:
        return {}
    base = group.averages(reference, at[reference], metric, languages)
    found = {}
    for row, shots in at.items():
        values = group.averages(row, shots, metric, languages)
        if common := values.keys() & base.keys():
            gain = sum(values[seed] - base[seed] for seed in sorted(common)) / len(common)
            found[row] = (sum(base.values()) / len(base) + gain, len(common))
    return found


def _complete(languages: Mapping[int, set[str]]) -> list[int]:
    """The seeds to keep: dropping one after the other, those with the fewest languages that the others have too."""
    seeds = sorted(languages)
    best: list[int] = []
    most = (False, 0, 0)
    while seeds:
        count = len(set.intersection(*(languages[seed] for seed in seeds)))
        worth = (len(seeds) >= MINIMUM_SEEDS and count > 0, len(seeds) * count, len(seeds))
        if count and worth > most:
            best, most = list(seeds), worth
        seeds.remove(min(reversed(seeds), key=lambda seed: _rest(languages, seeds, seed)))
    return best


def _rest(languages: Mapping[int, set[str]], seeds: Sequence[int], without: int) -> int:
    """Minus the number of common languages if a seed goes."""
    others = [languages[seed] for seed in seeds if seed != without]
    return -len(set.intersection(*others)) if others else 0
