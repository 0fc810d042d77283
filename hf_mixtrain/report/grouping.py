"""Which results may be put side by side: those of one task, one model and one metric."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hf_mixtrain.errors import InputError
from hf_mixtrain.methods import METHODS

__all__ = ["Group", "group_results"]

ZERO_SHOT = "zero-shot"

# Where files go and what a run is called says nothing about how it was trained.
_NEUTRAL_SETTINGS = {"output_dir", "overwrite_output_dir", "logging_dir", "run_name", "seed", "data_seed"}


@dataclass(frozen=True)
class Group:
    """The results of one task, model and main metric.

    A *row* is a method's name; results of one method and K whose settings differ are in rows of their own, with the
    differing settings in brackets, so that they are never averaged.

    Attributes:
        task: Name of the task.
        model: The model that training started from.
        metric: Name of the main metric.
        languages: Test languages of any result, source first.
        common: Those of ``languages`` that every result has; averages are over these.
        cells: ``{(row, K): {seed: result}}``.
        notes: Sentences about what a reader must know before comparing the rows.
    """

    task: str
    model: str
    metric: str
    languages: tuple[str, ...]
    common: tuple[str, ...]
    cells: Mapping[tuple[str, int], Mapping[int, Mapping[str, Any]]]
    notes: tuple[str, ...]

    @property
    def rows(self) -> list[str]:
        """Rows in the order of `hf_mixtrain.methods.METHODS`, unknown methods last."""
        order = list(METHODS)
        known = {row: order.index(_method(row)) if _method(row) in order else len(order) for row, _ in self.cells}
        return sorted(known, key=lambda row: (known[row], row))

    @property
    def shots(self) -> list[int]:
        """Every K, ascending."""
        return sorted({shots for _, shots in self.cells})

    def title(self, row: str) -> str:
        """What tables call a row."""
        method = _method(row)
        return METHODS[method].title + row.removeprefix(method) if method in METHODS else row

    def rows_at(self, shots: int) -> dict[str, int]:
        """Rows that can be compared at K ``shots``, with the K of their results: 0 for zero-shot."""
        found = {}
        for row in self.rows:
            if (row, shots) in self.cells:
                found[row] = shots
            elif _method(row) == ZERO_SHOT:
                found[row] = 0
        return found

    def scores(self, row: str, shots: int, language: str, metric: str | None = None) -> dict[int, float]:
        """``{seed: score}`` of a row in one language; seeds without this language or metric are left out."""
        metric = metric or self.metric
        return {
            seed: float(result["scores"][language][metric])
            for seed, result in sorted(self.cells.get((row, shots), {}).items())
            if metric in result["scores"].get(language, {})
        }

    def averages(
        self, row: str, shots: int, metric: str | None = None, languages: Iterable[str] | None = None
    ) -> dict[int, float]:
        """``{seed: mean over languages}`` of a row; ``languages`` are ``common`` unless others are given."""
        chosen = self.common if languages is None else tuple(languages)
        by_language = [self.scores(row, shots, language, metric) for language in chosen]
        seeds = set.intersection(*map(set, by_language)) if by_language else set()
        return {seed: sum(scores[seed] for scores in by_language) / len(by_language) for seed in sorted(seeds)}

    def zero_shot_of(self, row: str) -> str | None:
        """The zero-shot row that ``row`` is compared with: of the same settings, else the plain one."""
        candidates = (ZERO_SHOT + row.removeprefix(_method(row)), ZERO_SHOT)
        return next((name for name in candidates if (name, 0) in self.cells), None)


def group_results(results: Sequence[Mapping[str, Any]]) -> list[Group]:
    """Sort results into groups of one task, model and metric.

    Args:
        results: As `hf_mixtrain.results.find_results` returns them.

    Returns:
        The groups, sorted by task, model and metric.

    Raises:
        InputError: If there are no results, or two of the same cell with the same model and settings.

    Example:
        >>> result = dict(task="panx", method="mix-ft", shots=5, seed=1, model="m", languages=["en"], metric="f1",
        ...     scores={"en": {"f1": 80.0}}, settings={}, versions={})
        >>> [(group.task, group.rows, group.shots) for group in group_results([result])]
        [('panx', ['mix-ft'], [5])]
    """
    if not results:
        raise InputError("no results to report. Expected at least one finished cell; run one first.")
    parts: dict[tuple[str, str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for result in results:
        parts[result["task"], result["model"], result["metric"]].append(result)
    return [_group(*key, parts[key]) for key in sorted(parts)]


def _group(task: str, model: str, metric: str, results: Sequence[Mapping[str, Any]]) -> Group:
    splitting = _splitting_settings(results)
    cells: dict[tuple[str, int], dict[int, Mapping[str, Any]]] = defaultdict(dict)
    for result in results:
        method, shots, seed = result["method"], result["shots"], result["seed"]
        keys = splitting.get((method, shots), [])
        suffix = ", ".join(f"{key}={result['settings'].get(key, 'default')}" for key in keys)
        row = f"{method} ({suffix})" if keys else method
        if seed in cells[row, shots]:
            raise InputError(f"two results for {task} {method} k{shots} seed{seed} of {model}. Keep one of them.")
        cells[row, shots][seed] = result
    languages = list(dict.fromkeys(code for result in results for code in result["languages"]))
    common = [code for code in languages if all(code in result["scores"] for result in results)]
    notes = _notes(results, languages, common, bool(splitting))
    return Group(task, model, metric, tuple(languages), tuple(common), dict(cells), tuple(notes))


def _splitting_settings(results: Sequence[Mapping[str, Any]]) -> dict[tuple[str, int], list[str]]:
    """Settings that differ between the seeds of one method and K."""
    by_cell: dict[tuple[str, int], list[Mapping[str, Any]]] = defaultdict(list)
    for result in results:
        by_cell[result["method"], result["shots"]].append(result["settings"])
    differing = {cell: _differing(settings) for cell, settings in by_cell.items()}
    return {cell: sorted(keys) for cell, keys in differing.items() if keys}


def _differing(mappings: Sequence[Mapping[str, Any]]) -> set[str]:
    keys = {key for mapping in mappings for key in mapping} - _NEUTRAL_SETTINGS
    return {key for key in keys if len({repr(mapping.get(key)) for mapping in mappings}) > 1}


def _notes(
    results: Sequence[Mapping[str, Any]], languages: Sequence[str], common: Sequence[str], split: bool
) -> list[str]:
    notes = []
    if len(common) < len(languages):
        found = f"the {len(common)} of them that every result has: {', '.join(common)}" if common else "no language"
        notes.append(f"The results are of {len(languages)} test languages in all; averages are over {found}.")
    for kind in ("settings", "versions"):
        for key in sorted(_differing([result[kind] for result in results])):
            cells: dict[str, set[str]] = defaultdict(set)
            for result in results:
                value = result[kind].get(key, "default" if kind == "settings" else "unknown")
                cells[str(value)].add(f"{result['method']} K={result['shots']}")
            parts = "; ".join(f"{value}: {', '.join(sorted(names))}" for value, names in sorted(cells.items()))
            notes.append(f"{kind.capitalize()} differ, `{key}` ({parts}).")
    if split:
        notes.append("Seeds of one method and K whose settings differ are in rows of their own and are not averaged.")
    return notes


def _method(row: str) -> str:
    return row.split(" ", 1)[0]
