"""The heat map of a similarity matrix, before and after surgery, and the file of its numbers."""

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from hf_mixtrain.files import atomic_write_text
from hf_mixtrain.report.figures import new_figure, save_figure
from hf_mixtrain.similarity.matrix import Similarity

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_UNKNOWN = "#999999"


def heat_map(similarity: Similarity, title: str = "") -> "Figure":
    """Draw the cosines before and after surgery side by side: conflicts are white, what is no number is grey.

    The colours (cividis, made for colour-blind readers) run from 0 to the highest cosine between two languages.

    Args:
        similarity: What `gradient_similarity` returns.
        title: A line above both.

    Raises:
        ImportError: If matplotlib is missing.
    """
    side = max(4.2, 0.19 * len(similarity.languages) + 0.8)
    size = 10 if side < 6 else 16
    figure = new_figure(2 * side + 1.2, side + (1.0 if title else 0.6))
    left, right = figure.subplots(1, 2)
    top = _highest(similarity.before)
    _panel(left, similarity, similarity.before, top)
    image = _panel(right, similarity, similarity.after, top)
    left.set_title(f"before surgery: {_percent(similarity.conflicts_before)} conflict (white)", fontsize=size)
    right.set_title("after: row's gradient, oracle: column", fontsize=size)
    bar = figure.colorbar(image, ax=[left, right], shrink=0.8, pad=0.01, extend="max")
    bar.set_label("cosine of two gradients (diagonal: 1)", fontsize=size)
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
    """
    stem = Path(stem)
    text = ",\n".join(f"  {_json(key)}: {_lines(value)}" for key, value in {**about, **similarity.to_dict()}.items())
    files = [atomic_write_text(stem.with_name(f"{stem.name}.json"), f"{{\n{text}\n}}\n")]
    with suppress(ImportError):
        files.append(save_figure(heat_map(similarity, title), stem.with_name(f"{stem.name}.png")))
    return files


def _panel(axes: Any, similarity: Similarity, matrix: Tensor, top: float) -> Any:
    from matplotlib import colormaps

    colours = colormaps["cividis"].with_extremes(under="white", bad=_UNKNOWN)
    image = axes.imshow(matrix.numpy(), cmap=colours, vmin=0.0, vmax=top, interpolation="nearest")
    places = range(len(similarity.languages))
    axes.set_xticks(places, similarity.languages, rotation=90, fontsize=9)
    axes.set_yticks(places, similarity.languages, fontsize=9)
    axes.tick_params(length=0)
    return image


def _highest(matrix: Tensor) -> float:
    """The highest cosine of two languages; a scale up to the diagonal's 1 would leave all others dark."""
    values = matrix.clone()
    values.fill_diagonal_(float("nan"))
    numbers = values[~values.isnan()]
    return max(0.05, numbers.max().item()) if len(numbers) else 1.0


def _lines(value: Any) -> str:
    """JSON with a line for each row of a matrix, which people can read and version control can compare."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "[\n" + ",\n".join(f"    {_json(row)}" for row in value) + "\n  ]"
    return _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share == share else "no number"
