"""The table of a diagnosis, and the sentences that sum it up."""

from collections.abc import Mapping, Sequence

from hf_mixtrain.diagnosis.progress import Progress
from hf_mixtrain.report.score_tables import language_name
from hf_mixtrain.report.table import Table

_HEADER = (
    "language",
    "loss on shots",
    "loss on held-out",
    "cosine of the two gradients",
    "conflicts %",
    "progress",
    "with surgery",
    "shots repeated",
)


def table_of(progress: Progress, losses: Mapping[str, float], languages: Sequence[str], *, title: str) -> Table:
    """Make the table: a line for each language, and their mean.

    Args:
        progress: What was measured, in the order of the languages.
        losses: ``{"shots de": …, "text de": …}`` of each language.
        languages: The target languages.
        title: A line about model and data.

    Example:
        >>> import torch
        >>> vectors = torch.tensor([[1.0, -1.0], [0.0, 1.0], [1.0, 1.0]])
        >>> from hf_mixtrain.diagnosis.progress import progress_of_gram
        >>> progress = progress_of_gram(vectors @ vectors.T, batches=1, weights=[1.0])
        >>> table = table_of(progress, {"shots de": 0.1, "text de": 0.9}, ["de"], title="demo")
        >>> table.rows[0]
        ['de German', '0.100', '0.900', '+0.707', '100', '+0.0000', '+0.7071', '+0.7071']
    """
    numbers = [
        [losses[f"shots {language}"] for language in languages],
        [losses[f"text {language}"] for language in languages],
        progress.shots_and_held_out.tolist(),
        (100 * progress.conflicts).tolist(),
        progress.plain.tolist(),
        progress.surgery.tolist(),
        progress.repeated.tolist(),
    ]
    forms = (".3f", ".3f", "+.3f", ".0f", "+.4f", "+.4f", "+.4f")
    rows = [
        [language_name(language), *(f"{values[number]:{form}}" for values, form in zip(numbers, forms, strict=True))]
        for number, language in enumerate(languages)
    ]
    means = [f"{sum(values) / len(values):{form}}" for values, form in zip(numbers, forms, strict=True)]
    return Table(title, _HEADER, [*rows, ["mean", *means]], note=_note(progress), summary_rows=1)


def _note(progress: Progress) -> str:
    return (
        "Progress: cosine between an update and the gradient of held-out text; above 0 the update helps. "
        f"Surgery changes it by {_gain(progress.surgery_gain)}, repeating the drawn language's shots by "
        f"{_gain(progress.repeated_gain)}."
    )


def _gain(gain: tuple[float, tuple[float, float] | None]) -> str:
    mean, interval = gain
    return f"{mean:+.4f}" + (f" (95 % CI {interval[0]:+.4f} to {interval[1]:+.4f})" if interval else "")
