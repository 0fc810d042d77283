"""The tables of scores: K × method, per language, ranks, families and scripts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from hf_mixtrain.data.languages import LANGUAGES
from hf_mixtrain.report.grouping import Group
from hf_mixtrain.report.pairing import comparable_means
from hf_mixtrain.report.statistics import Summary, best, ranks, summarize
from hf_mixtrain.report.table import MISSING, Table

_BOLD_COLUMN = "Bold: the highest mean of its column, on common seeds, ties as printed."
_BOLD_ROW = "Bold: the highest mean of its row, on common seeds, ties as printed."
_MARK = " †"


def method_table(group: Group, metric: str | None = None, *, targets: bool = False) -> Table:
    """Methods × K: the average over languages, as mean ± sample sd over seeds and number of seeds.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        metric: One of the metrics in the scores; the main one unless told otherwise.
        targets: Average over the target languages alone.

    Example:
        >>> from hf_mixtrain.report import group_results
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[1]
        >>> method_table(group).rows[0]
        ['zero-shot', '41.47 ± 2.38 (3)', '—']
    """
    metric = metric or group.metric
    languages = group.targets if targets else group.common
    rows, bold = [[group.title(row)] for row in group.rows], set()
    for place, shots in enumerate(group.shots, 1):
        at = dict.fromkeys(group.rows, shots)
        for cells, row in zip(rows, group.rows, strict=True):
            cells.append(_text(summarize(group.averages(row, shots, metric, languages).values()), group, row, shots))
        bold |= {(number, place) for number in best(_comparable(group, at, languages, metric))}
    over = f"{len(languages)} {'target' if targets else 'language'}{'s' * (len(languages) != 1)}"
    return Table(
        f"{group.task}, {group.model}: {metric}, average over {over}",
        ["method", *(f"K={shots}" for shots in group.shots)],
        rows,
        f"Mean ± sample sd over seeds (number of seeds). {_BOLD_COLUMN}{_mark_note(rows)}",
        frozenset(bold),
    )


def language_table(group: Group, shots: int) -> Table:
    """Languages × methods at one K: mean over seeds, and in brackets the gain over zero-shot on the common seeds.

    The last rows are the averages over the targets, if the source is there too, and over all languages.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        shots: K.

    Example:
        >>> from hf_mixtrain.report import group_results
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[1]
        >>> language_table(group, 5).rows[0]
        ['en English', '47.38', '46.23 (-1.14)', '48.53 (+1.15)']
    """
    at = group.rows_at(shots)
    subjects = [(language_name(code), (code,)) for code in group.languages]
    averages = [(f"targets ({len(group.targets)})", group.targets)] * has_targets(group)
    averages += [(f"average of {len(group.common)}", group.common)] * bool(group.common)
    rows, bold = [], set()
    for number, (name, codes) in enumerate([*subjects, *averages]):
        rows.append([name, *(_with_gain(group, row, k, codes) for row, k in at.items())])
        bold |= {(number, column + 1) for column in best(_comparable(group, at, codes))}
    title = f"{group.task}, {group.model}: {group.metric} per language, K={shots}"
    note = f"Mean over seeds (gain over zero-shot, over the seeds that both have). {_BOLD_ROW}"
    header = ["language", *(group.title(row) for row in at)]
    return Table(title, header, rows, note, frozenset(bold), summary_rows=len(averages))


def rank_table(group: Group) -> Table:
    """Methods × K: rank of the average among the methods of that K, and mean rank over languages.

    Example:
        >>> from hf_mixtrain.report import group_results
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[1]
        >>> rank_table(group).rows[0]
        ['zero-shot', '1 (1.00)', '2 (2.25)']
    """
    columns = [_ranks_at(group, shots) for shots in group.shots]
    rows = [[group.title(row), *(column.get(row, MISSING) for column in columns)] for row in group.rows]
    return Table(
        f"{group.task}, {group.model}: ranks by {group.metric}",
        ["method", *(f"K={shots}" for shots in group.shots)],
        rows,
        "Rank of the average among the methods of that K and zero-shot, on common seeds, 1 is the highest; in brackets "
        "the mean over languages of the rank in each. Equal scores share the mean of their ranks.",
    )


def kinds_table(group: Group, shots: int, kind: str) -> Table:
    """Averages by language family or script at one K.

    Args:
        group: One of `hf_mixtrain.report.group_results`.
        shots: K.
        kind: ``"family"`` or ``"script"``.

    Example:
        >>> from hf_mixtrain.report import group_results
        >>> from hf_mixtrain.results import find_results
        >>> group = group_results(find_results("reproduction/study.jsonl"))[1]
        >>> kinds_table(group, 5, "family").header
        ['family', 'languages', 'zero-shot', 'naive-mix-train', 'gradient-mix-train']
    """
    at = group.rows_at(shots)
    members: dict[str, list[str]] = defaultdict(list)
    for code in group.common:
        members[getattr(LANGUAGES[code], kind) if code in LANGUAGES else "unknown"].append(code)
    rows, bold = [], set()
    for number, (name, codes) in enumerate(sorted(members.items(), key=lambda item: (item[0] == "unknown", item))):
        summaries = [summarize(group.averages(row, k, languages=codes).values()) for row, k in at.items()]
        rows.append([name, ", ".join(codes), *(f"{s.mean:.2f}" if s else MISSING for s in summaries)])
        bold |= {(number, column + 2) for column in best(_comparable(group, at, codes))}
    return Table(
        f"{group.task}, {group.model}: {group.metric} by {kind}, K={shots}",
        [kind, "languages", *(group.title(row) for row in at)],
        rows,
        f"Mean over seeds of the average over the languages of a {kind}. {_BOLD_ROW}",
        frozenset(bold),
        text_columns=2,
    )


def language_name(code: str) -> str:
    """``"de German"``; the code alone where the language is not known.

    Example:
        >>> language_name("de"), language_name("xx")
        ('de German', 'xx')
    """
    return f"{code} {LANGUAGES[code].name}" if code in LANGUAGES else code


def has_targets(group: Group) -> bool:
    """Whether the average over the targets is another than that over all languages."""
    return 0 < len(group.targets) < len(group.common)


def _comparable(
    group: Group, at: Mapping[str, int], languages: Sequence[str], metric: str | None = None
) -> list[float | None]:
    means = comparable_means(group, at, languages, metric)
    return [means[row][0] if row in means else None for row in at]


def _ranks_at(group: Group, shots: int) -> dict[str, str]:
    at = group.rows_at(shots)
    averages = ranks(_comparable(group, at, group.common))
    by_language: dict[str, list[float]] = {row: [] for row in at}
    for language in group.common:
        for row, rank in zip(at, ranks(_comparable(group, at, [language])), strict=True):
            if rank is not None:
                by_language[row].append(rank)
    return {
        row: f"{rank:g} ({sum(by_language[row]) / len(by_language[row]):.2f})"
        for row, rank in zip(at, averages, strict=True)
        if rank is not None and by_language[row]
    }


def _text(summary: Summary | None, group: Group, row: str, shots: int) -> str:
    return MISSING if summary is None else f"{summary}{_MARK * bool(group.doubts(row, shots))}"


def _mark_note(rows: Sequence[Sequence[str]]) -> str:
    marked = any(cell.endswith(_MARK) for row in rows for cell in row)
    return " †: some of these runs have warnings, which are listed above." if marked else ""


def _with_gain(group: Group, row: str, shots: int, languages: Sequence[str]) -> str:
    summary = summarize(group.averages(row, shots, languages=languages).values())
    if summary is None:
        return MISSING
    baseline = group.zero_shot_of(row)
    zero = {} if baseline in (None, row) else group.averages(baseline or "", 0, languages=languages)
    own = group.averages(row, shots, languages=languages)
    differences = [own[seed] - zero[seed] for seed in own.keys() & zero.keys()]
    gain = f" ({signed(sum(differences) / len(differences))})" if differences else ""
    return f"{summary.mean:.2f}{gain}"


def signed(value: float) -> str:
    """A difference with its sign; what rounds to nothing is ``+0.00``.

    Example:
        >>> signed(1.234), signed(-1.0), signed(-0.001)
        ('+1.23', '-1.00', '+0.00')
    """
    return f"{round(value, 2) + 0.0:+.2f}"
