"""Which results may be put side by side: those of one task, one model and one metric."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hf_mixtrain.errors import InputError
from hf_mixtrain.methods import METHODS
from hf_mixtrain.results import NEUTRAL_SETTINGS

ZERO_SHOT = "zero-shot"

# What stands for the value of a setting that a result does not name.
_DEFAULT = "default"

# A note names so many rows and counts the others.
_NAMED_ROWS = 6


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
    """

    task: str
    model: str
    metric: str
    languages: tuple[str, ...]
    common: tuple[str, ...]
    targets: tuple[str, ...]
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


def group_results(results: Sequence[Mapping[str, Any]], *, languages: Sequence[str] | None = None) -> list[Group]:
    """Sort results into groups of one task, model and metric.

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
    parts: dict[tuple[str, str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for result in results:
        parts[result["task"], result["model"], result["metric"]].append(result)
    groups = [_group(*key, parts[key], languages) for key in sorted(parts)]
    return [group for group in groups if group.languages]


def _check_languages(results: Sequence[Mapping[str, Any]], chosen: Sequence[str]) -> None:
    known = list(dict.fromkeys(code for result in results for code in result["languages"]))
    if not chosen:
        raise InputError(f"no languages to report on. Expected some of: {' '.join(known)}.")
    if unknown := [code for code in chosen if code not in known]:
        raise InputError(f"no result has the test language {unknown[0]!r}. Expected some of: {' '.join(known)}.")


def _group(
    task: str, model: str, metric: str, results: Sequence[Mapping[str, Any]], chosen: Sequence[str] | None
) -> Group:
    splitting = _splitting_settings(results)
    usual = _usual_settings(results, splitting)
    rows = _row_names(results, splitting, usual)
    cells: dict[tuple[str, int], dict[int, Mapping[str, Any]]] = defaultdict(dict)
    for row, result in zip(rows, results, strict=True):
        shots, seed = result["shots"], result["seed"]
        if seed in cells[row, shots]:
            name = f"{task} {result['method']} k{shots} seed{seed}"
            raise InputError(f"two results for {name} of {model}, with the same settings. Keep one of them.")
        cells[row, shots][seed] = result
    every = list(dict.fromkeys(code for result in results for code in result["languages"]))
    languages = [code for code in every if chosen is None or code in chosen]
    common = [code for code in languages if all(code in result["scores"] for result in results)]
    sources = {result["languages"][0] for result in results}
    notes = []
    if len(languages) < len(every):
        notes.append(f"Only {len(languages)} of the {len(every)} test languages are reported on, and tested.")
    if len(common) < len(languages):
        found = f"the {len(common)} of them that every result has: {', '.join(common)}" if common else "no language"
        notes.append(f"The results are of {len(languages)} test languages in all; averages are over {found}.")
    notes += [*_settings_notes(results, splitting, usual), *_version_notes(results, rows)]
    targets = tuple(code for code in common if code not in sources)
    return Group(task, model, metric, tuple(languages), tuple(common), targets, dict(cells), tuple(notes))


def _row_names(
    results: Sequence[Mapping[str, Any]], splitting: Mapping[str, Sequence[str]], usual: Mapping[str, str]
) -> list[str]:
    """The row of each result: its method and, in brackets, what tells it from the method's other results."""
    brackets = [
        [
            f"{key}={value}"
            for key, value in _values(result, splitting[result["method"]]).items()
            if value != usual.get(key, _DEFAULT)
        ]
        for result in results
    ]
    rows = [_row(result["method"], inside) for result, inside in zip(results, brackets, strict=True)]
    places = Counter((row, result["shots"], result["seed"]) for row, result in zip(rows, results, strict=True))
    crowded = {row for (row, _, _), count in places.items() if count > 1}
    for row in crowded:
        members = [place for place, name in enumerate(rows) if name == row]
        tested = {tuple(sorted(results[place]["languages"])) for place in members}
        by_number = len({len(codes) for codes in tested}) == len(tested)
        for place in members if len(tested) > 1 else ():
            codes = results[place]["languages"]
            label = f"{len(codes)} language{'s' * (len(codes) != 1)}" if by_number else f"languages={' '.join(codes)}"
            rows[place] = _row(results[place]["method"], [*brackets[place], label])
    return rows


def _row(method: str, inside: Sequence[str]) -> str:
    return f"{method} ({', '.join(inside)})" if inside else method


def _splitting_settings(results: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Settings that differ between the results of one method, whatever their K and seed."""
    by_method: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for result in results:
        by_method[result["method"]].append(result["settings"])
    return {method: sorted(_differing(settings)) for method, settings in by_method.items()}


def _usual_settings(results: Sequence[Mapping[str, Any]], splitting: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Of the settings that split methods, those that more than half of three or more rows have at another value than
    the default, so that the few that do not are told by it. But a row with all defaults is called by its method alone:
    where there is one, none of its settings are among them.
    """
    rows = {}
    for result in results:
        values = _values(result, splitting[result["method"]])
        rows[result["method"], tuple(values.values())] = values
    plain = {key for values in rows.values() if set(values.values()) == {_DEFAULT} for key in values}
    usual = {}
    for key in sorted({key for keys in splitting.values() for key in keys} - plain):
        counts = Counter(values[key] for values in rows.values() if key in values)
        [(value, count)] = counts.most_common(1)
        if value != _DEFAULT and counts.total() > 2 and 2 * count > counts.total():
            usual[key] = value
    return usual


def _values(result: Mapping[str, Any], keys: Sequence[str]) -> dict[str, str]:
    return {key: str(result["settings"].get(key, _DEFAULT)) for key in keys}


def _differing(mappings: Sequence[Mapping[str, Any]]) -> set[str]:
    keys = {key for mapping in mappings for key in mapping} - NEUTRAL_SETTINGS
    return {key for key in keys if len({repr(mapping.get(key)) for mapping in mappings}) > 1}


def _settings_notes(
    results: Sequence[Mapping[str, Any]], splitting: Mapping[str, Sequence[str]], usual: Mapping[str, str]
) -> list[str]:
    """What the rows' names do not say of their settings, and how to read what they say."""
    notes = []
    for key in sorted(_differing([result["settings"] for result in results])):
        methods: dict[str, set[str]] = defaultdict(set)
        for result in results:
            if key not in splitting[result["method"]]:
                methods[str(result["settings"].get(key, _DEFAULT))].add(result["method"])
        if methods.keys() - {_DEFAULT}:
            parts = [f"{value}: {', '.join(sorted(names))}" for value, names in sorted(methods.items())]
            split = sorted(method for method, keys in splitting.items() if key in keys)
            parts += [f"in brackets: {', '.join(split)}"] * bool(split)
            notes.append(f"Settings differ, `{key}` ({'; '.join(parts)}).")
    if keys := sorted({key for keys in splitting.values() for key in keys}):
        named = ", ".join(f"`{key}`" for key in keys)
        most = ", ".join(f"`{key}`={value}" for key, value in usual.items())
        most = f" or, as most rows have it, at {most}" if most else ""
        notes.append(
            f"Settings differ within a method, {named}: such results are in rows of their own and are not averaged. "
            f"In brackets is what a row does not leave at its default{most}."
        )
    return notes


def _version_notes(results: Sequence[Mapping[str, Any]], rows: Sequence[str]) -> list[str]:
    notes = []
    for key in sorted(_differing([result["versions"] for result in results])):
        found: dict[str, set[str]] = defaultdict(set)
        for row, result in zip(rows, results, strict=True):
            found[str(result["versions"].get(key, "unknown"))].add(f"{row} K={result['shots']}")
        parts = [f"{value}: {_some(sorted(names))}" for value, names in sorted(found.items())]
        notes.append(f"Versions differ, `{key}` ({'; '.join(parts)}).")
    return notes


def _some(names: Sequence[str]) -> str:
    more = [f"and {len(names) - _NAMED_ROWS} more"] if len(names) > _NAMED_ROWS else []
    return ", ".join([*names[:_NAMED_ROWS], *more])


def _method(row: str) -> str:
    return row.split(" ", 1)[0]
