"""What the rows of a table are called: the method and, in brackets, the settings that tell its variants apart."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from hf_mixtrain.neutral_settings import NEUTRAL_SETTINGS

# What stands for the value of a setting that a result does not name.
_DEFAULT = "default"

# A note names so many rows and counts the others.
_NAMED_ROWS = 6

# As many letters of a commit as tell it from others.
_COMMIT = 9


def row_names(
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


def splitting_settings(results: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Settings that differ between the results of one method, whatever their K and seed."""
    by_method: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for result in results:
        by_method[result["method"]].append(result["settings"])
    return {method: sorted(_differing(settings)) for method, settings in by_method.items()}


def usual_settings(results: Sequence[Mapping[str, Any]], splitting: Mapping[str, Sequence[str]]) -> dict[str, str]:
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


def settings_notes(
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
            notes.append(f"Settings differ, {key} ({'; '.join(parts)}).")
    if keys := sorted({key for keys in splitting.values() for key in keys}):
        named = ", ".join(keys)
        most = ", ".join(f"{key}={value}" for key, value in usual.items())
        most = f" or, as most rows have it, at {most}" if most else ""
        notes.append(
            f"Settings differ within a method, {named}: such results are in rows of their own and are not averaged. "
            f"In brackets is what a row does not leave at its default{most}."
        )
    return notes


def version_notes(results: Sequence[Mapping[str, Any]], rows: Sequence[str]) -> list[str]:
    """Which versions of libraries differ, and in which rows."""
    notes = []
    for key in sorted(_differing([result["versions"] for result in results])):
        found: dict[str, set[str]] = defaultdict(set)
        for row, result in zip(rows, results, strict=True):
            value = str(result["versions"].get(key, "unknown"))
            found[value[:_COMMIT] if key == "commit" else value].add(f"{row} K={result['shots']}")
        parts = [f"{value}: {_some(sorted(names))}" for value, names in sorted(found.items())]
        notes.append(f"Versions differ, {key} ({'; '.join(parts)}).")
    return notes


def _some(names: Sequence[str]) -> str:
    more = [f"and {len(names) - _NAMED_ROWS} more"] if len(names) > _NAMED_ROWS else []
    return ", ".join([*names[:_NAMED_ROWS], *more])


def method_of(row: str) -> str:
    """The method of a row.

    Example:
        >>> method_of("mix-ft (max_steps=7)")
        'mix-ft'
    """
    return row.split(" ", 1)[0]
