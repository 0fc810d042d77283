"""Which results may be put side by side: those of one task, one encoder and one metric."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hf_mixtrain.errors import InputError
from hf_mixtrain.methods import METHODS
from hf_mixtrain.neutral_settings import deciding_settings
from hf_mixtrain.report.row_names import (
    method_of,
    row_names,
    settings_notes,
    splitting_settings,
    usual_settings,
    version_notes,
)
from hf_mixtrain.results import encoder_of
from hf_mixtrain.source_languages import sources_of

ZERO_SHOT = "zero-shot"


@dataclass(frozen=True)
class Group:
    """The results of one task, model and main metric.

    A *row* is a method's name. Results of one method whose settings differ are in rows of their own, at every K, so
    that they are never averaged: in brackets are those of the differing settings that the row has neither at their
    defaults nor, if no row has all of them at their defaults, at what most rows have. Only if results of one method, K
    and seed differ in nothing but their test languages are these there too.

    Attributes:
        task: Name of the task.
        model: The model that training started from.
        metric: Name of the main metric.
        languages: Test languages of any result, source first; only the chosen ones, if some were chosen.
        common: Those of ``languages`` that every result has; averages are over these.
        targets: Those of ``common`` that are no result's source language.
        cells: ``{(row, K): {seed: result}}``.
        notes: Sentences about what a reader must know before comparing the rows.
        reference: The row through which rows with other seeds are put in order; None: the usual baseline.

    Example:
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[1]
        >>> group.task, group.metric, group.languages
        ('tydiqa', 'f1', ('en', 'id', 'ko', 'ru'))
        >>> sorted(group.cells)
        [('gradient-mix-train', 5), ('naive-mix-train', 5), ('zero-shot', 0)]
    """

    task: str
    model: str
    metric: str
    languages: tuple[str, ...]
    common: tuple[str, ...]
    targets: tuple[str, ...]
    cells: Mapping[tuple[str, int], Mapping[int, Mapping[str, Any]]]
    notes: tuple[str, ...]
    reference: str | None = None

    @property
    def rows(self) -> list[str]:
        """Rows in the order of `hf_mixtrain.methods.METHODS`, unknown methods last."""
        order = list(METHODS)
        known = {row: order.index(method_of(row)) if method_of(row) in order else len(order) for row, _ in self.cells}
        return sorted(known, key=lambda row: (known[row], row))

    @property
    def shots(self) -> list[int]:
        """Every K, ascending."""
        return sorted({shots for _, shots in self.cells})

    def title(self, row: str) -> str:
        """What tables call a row."""
        method = method_of(row)
        return METHODS[method].title + row.removeprefix(method) if method in METHODS else row

    def row_named(self, name: str) -> str:
        """The row of a name: that of the row itself or its title, in capital or small letters.

        Args:
            name: Such as ``"mix-ft"``, ``"mix-FT"`` or ``"gradient-mix-train (surgery=pcgrad)"``.

        Returns:
            The row.

        Raises:
            InputError: If there is none; the message lists those there are.
        """
        wanted = name.strip().casefold()
        for row in self.rows:
            if wanted in (row.casefold(), self.title(row).casefold()):
                return row
        raise InputError(f"no row {name!r} in {self.task}, {self.model}. Expected one of: {'; '.join(self.rows)}.")

    def rows_at(self, shots: int) -> dict[str, int]:
        """Rows that can be compared at K ``shots``, with the K of their results: 0 for zero-shot."""
        found = {}
        for row in self.rows:
            if (row, shots) in self.cells:
                found[row] = shots
            elif method_of(row) == ZERO_SHOT:
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

    def doubts(self, row: str, shots: int) -> dict[int, list[str]]:
        """``{seed: warnings}`` of the runs of a row whose scores are in doubt: warnings that not every result has."""
        found = {
            seed: [text for text in result.get("warnings", ()) if text not in self.shared_warnings]
            for seed, result in sorted(self.cells.get((row, shots), {}).items())
        }
        return {seed: warnings for seed, warnings in found.items() if warnings}

    @property
    def shared_warnings(self) -> tuple[str, ...]:
        """Warnings that every result of the group has, such as those about its data."""
        every = [result.get("warnings", ()) for cells in self.cells.values() for result in cells.values()]
        return tuple(text for text in every[0] if all(text in warnings for warnings in every))

    def zero_shot_of(self, row: str) -> str | None:
        """The zero-shot row that ``row`` is compared with: of the same settings, else the plain one."""
        candidates = (ZERO_SHOT + row.removeprefix(method_of(row)), ZERO_SHOT)
        return next((name for name in candidates if (name, 0) in self.cells), None)


def group_results(results: Sequence[Mapping[str, Any]], *, languages: Sequence[str] | None = None) -> list[Group]:
    """Sort results into groups of one task, encoder and metric; two encoders with one name are two groups.

    Args:
        results: As `hf_mixtrain.results.find_results` returns them.
        languages: Keep only these test languages; None: all. Groups that have none of them are left out.

    Returns:
        The groups, sorted by task, model and metric.

    Raises:
        InputError: If there are no results, two of the same cell with the same model, languages and settings, or if
            no result has one of ``languages``.

    Example:
        >>> result = dict(task="panx", method="mix-ft", shots=5, seed=1, model="m", languages=["en"], metric="f1",
        ...     scores={"en": {"f1": 80.0}}, settings={}, versions={})
        >>> [(group.task, group.rows, group.shots) for group in group_results([result])]
        [('panx', ['mix-ft'], [5])]
    """
    if not results:
        raise InputError("no results to report. Expected at least one finished cell; run one first.")
    if languages is not None:
        _check_languages(results, languages)
    names = _encoder_names(results)
    parts: dict[tuple[str, str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for result in results:
        result = {**result, "settings": deciding_settings(result["settings"], result["method"])}
        parts[result["task"], names[result["model"], encoder_of(result)], result["metric"]].append(result)
    groups = [_group(*key, parts[key], languages) for key in sorted(parts)]
    return [group for group in groups if group.languages]


def _encoder_names(results: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """What to call the encoder of a result: its name, with the start of its checksum where several have the name."""
    found: dict[str, set[str]] = defaultdict(set)
    for result in results:
        found[result["model"]].add(encoder_of(result))
    return {
        (model, encoder): encoder if len(encoders - {model}) > 1 else model
        for model, encoders in found.items()
        for encoder in encoders
    }


def _check_languages(results: Sequence[Mapping[str, Any]], chosen: Sequence[str]) -> None:
    known = list(dict.fromkeys(code for result in results for code in result["languages"]))
    if not chosen:
        raise InputError(f"no languages to report on. Expected some of: {' '.join(known)}.")
    if unknown := [code for code in chosen if code not in known]:
        raise InputError(f"no result has the test language {unknown[0]!r}. Expected some of: {' '.join(known)}.")


def _group(
    task: str, model: str, metric: str, results: Sequence[Mapping[str, Any]], chosen: Sequence[str] | None
) -> Group:
    splitting = splitting_settings(results)
    usual = usual_settings(results, splitting)
    names = row_names(results, splitting, usual)
    cells: dict[tuple[str, int], dict[int, Mapping[str, Any]]] = defaultdict(dict)
    for row, result in zip(names, results, strict=True):
        shots, seed = result["shots"], result["seed"]
        if seed in cells[row, shots]:
            name = f"{task} {result['method']} k{shots} seed{seed}"
            raise InputError(f"two results for {name} of {model}, with the same settings. Keep one of them.")
        cells[row, shots][seed] = result
    every = list(dict.fromkeys(code for result in results for code in result["languages"]))
    languages = [code for code in every if chosen is None or code in chosen]
    common = [code for code in languages if all(code in result["scores"] for result in results)]
    sources = {code for result in results for code in (result["languages"][0], *sources_of(result)[1:])}
    notes = []
    if len(languages) < len(every):
        notes.append(f"Only {len(languages)} of the {len(every)} test languages are reported on, and tested.")
    if len(common) < len(languages):
        found = f"the {len(common)} of them that every result has: {', '.join(common)}" if common else "no language"
        notes.append(f"The results are of {len(languages)} test languages in all; averages are over {found}.")
    notes += _seed_notes(cells)
    notes += [*settings_notes(results, splitting, usual), *version_notes(results, names)]
    targets = tuple(code for code in common if code not in sources)
    group = Group(task, model, metric, tuple(languages), tuple(common), targets, dict(cells), tuple(notes))
    return replace(group, notes=(*_warning_notes(group), *group.notes))


def _seed_notes(cells: Mapping[tuple[str, int], Mapping[int, Any]]) -> list[str]:
    if len({tuple(sorted(seeds)) for seeds in cells.values()}) < 2:
        return []
    return [
        "The rows have other seeds, as n says: means and sds are over all seeds of a row and are not to be subtracted; "
        "gains and tests are over the seeds that both rows have, and ranks and bold by the gain over one row."
    ]


def _warning_notes(group: Group) -> list[str]:
    """What the results say makes their scores doubtful: first what all say, then what each says."""
    notes = [f"All results: {text}." for text in group.shared_warnings]
    for row, shots in group.cells:
        for seed, warnings in group.doubts(row, shots).items():
            notes.append(f"† {group.title(row)}, K={shots}, seed {seed}: {'; '.join(warnings)}.")
    return notes
