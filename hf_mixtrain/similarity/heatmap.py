"""The heat map of a similarity matrix, before and after surgery, and the file of its numbers."""

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from hf_mixtrain.files import atomic_write_text
from hf_mixtrain.report.figure_data import by_family, family_of
from hf_mixtrain.report.figures import new_figure, save_figure
from hf_mixtrain.report.score_tables import language_name
from hf_mixtrain.similarity.matrix import Similarity

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_UNKNOWN = "#999999"
# Beyond so many languages a mark in a cell is no more than a dot.
_MANY = 20


def heat_map(similarity: Similarity, title: str = "") -> "Figure":
    """Draw the cosines before and after surgery side by side, languages by family.

    Cosines above 0 are blue and those below 0, which are conflicts, red, both the darker the stronger; conflicts have a
    dot too, so that weak ones are seen. What is no number is grey. The colours run to the strongest cosine between two
    languages.

    Args:
        similarity: What `gradient_similarity` returns.
        title: A line above both, about the data.

    Raises:
        ImportError: If matplotlib is missing.

    Example:
        >>> import torch
        >>> from hf_mixtrain.similarity.matrix import similarity_of_gram
        >>> similarity = similarity_of_gram(["de", "sw"], torch.tensor([[4.0, -1.0], [-1.0, 1.0]]))
        >>> figure = heat_map(similarity, "two languages")
        >>> len(figure.axes)
        3
    """
    count = len(similarity.languages)
    side = max(4.2, 0.2 * count + 1.2)
    size = 10 if side < 6 else 14
    figure = new_figure(2 * side + 2.2, side + (1.0 if title else 0.6))
    left, right = figure.subplots(1, 2)
    order = [similarity.languages.index(code) for code in by_family(list(similarity.languages))]
    limits = _limits(similarity.before)
    _panel(left, similarity, similarity.before[order][:, order], order, limits)
    image = _panel(right, similarity, similarity.after[order][:, order], order, limits)
    left.set_title(f"before surgery: {_percent(similarity.conflicts_before)} of the pairs conflict", fontsize=size)
    right.set_title("after surgery on the row's gradient, the column's as oracle", fontsize=size)
    bar = figure.colorbar(image, ax=[left, right], shrink=0.8, pad=0.01, extend="max")
    bar.set_label("cosine of two gradients (red, dot: conflict; diagonal: 1)", fontsize=size)
    if title:
        figure.suptitle(title, fontsize=size + 1)
    return figure


def write_similarity(similarity: Similarity, stem: str | Path, *, title: str = "", **about: Any) -> list[Path]:
    """Write ``<stem>.json`` with the numbers and ``<stem>.png`` with the heat map.

    Args:
        similarity: What `gradient_similarity` returns.
        stem: Path without an ending; its folder is made if it is missing.
        title: A line above the heat map.
        about: What the numbers are of (checkpoint, step, …); goes into the JSON file first.

    Returns:
        The files; without matplotlib there is only the first.

    Example:
        >>> import tempfile, torch
        >>> from hf_mixtrain.similarity.matrix import similarity_of_gram
        >>> similarity = similarity_of_gram(["de", "sw"], torch.tensor([[4.0, -1.0], [-1.0, 1.0]]))
        >>> files = write_similarity(similarity, Path(tempfile.mkdtemp(), "map"), step=100)
        >>> files[0].name
        'map.json'
    """
    stem = Path(stem)
    text = ",\n".join(f"  {_json(key)}: {_lines(value)}" for key, value in {**about, **similarity.to_dict()}.items())
    files = [atomic_write_text(stem.with_name(f"{stem.name}.json"), f"{{\n{text}\n}}\n")]
    with suppress(ImportError):
        files.append(save_figure(heat_map(similarity, title), stem.with_name(f"{stem.name}.png")))
    return files


def _panel(axes: Any, similarity: Similarity, matrix: Tensor, order: list[int], limits: tuple[float, float]) -> Any:
    from matplotlib import colormaps
    from matplotlib.colors import TwoSlopeNorm

    norm = TwoSlopeNorm(0.0, *limits)
    colours = colormaps["RdBu"].with_extremes(bad=_UNKNOWN)
    values = matrix.numpy()
    image = axes.imshow(values, cmap=colours, norm=norm, interpolation="nearest")
    rows, columns = (values < 0).nonzero()
    axes.scatter(columns, rows, s=24 if len(order) <= _MANY else 5, color="black", linewidths=0)
    codes = [similarity.languages[place] for place in order]
    axes.set_xticks(range(len(codes)), codes, rotation=90, fontsize=9)
    axes.set_yticks(range(len(codes)), [language_name(code) for code in codes], fontsize=9)
    axes.tick_params(length=0)
    for place in range(1, len(codes)):  # a line between families
        if family_of(codes[place]) != family_of(codes[place - 1]):
            axes.axhline(place - 0.5, color="black", linewidth=0.5)
            axes.axvline(place - 0.5, color="black", linewidth=0.5)
    return image


def _limits(matrix: Tensor) -> tuple[float, float]:
    """The lowest and highest cosine of two languages; on a scale to the diagonal's 1 all others would be pale."""
    values = matrix.clone()
    values.fill_diagonal_(float("nan"))
    numbers = values[~values.isnan()]
    if not len(numbers):
        return -1.0, 1.0
    return min(-0.05, numbers.min().item()), max(0.05, numbers.max().item())


def _lines(value: Any) -> str:
    """JSON with a line for each row of a matrix, which people can read and version control can compare."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "[\n" + ",\n".join(f"    {_json(row)}" for row in value) + "\n  ]"
    return _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share == share else "no number"
