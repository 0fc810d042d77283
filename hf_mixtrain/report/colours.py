"""One colour for each method, in every picture: Okabe and Ito's, which colour-blind readers can tell apart."""

from hf_mixtrain.report.row_names import method_of

# Yellow is left out: it is too light for lines on white.
_METHODS = {
    "zero-shot": "#000000",
    "ord-fs-dev": "#56B4E9",
    "ord-fs": "#CC79A7",
    "mix-ft": "#E69F00",
    "naive-mix-train": "#009E73",
    "gradient-mix-train": "#0072B2",
    "macro-mix-train": "#D55E00",
    "upsampled-mix-train": "#999999",
    "averaged-mix-train": "#8C564B",
}
_OTHERS = "#6A3D9A"


def colour_of(row: str) -> str:
    """The colour of a row: that of its method, whatever else is in the picture; other methods share one.

    Example:
        >>> colour_of("mix-ft"), colour_of("mix-ft (max_steps=7)"), colour_of("mine")
        ('#E69F00', '#E69F00', '#6A3D9A')
    """
    return _METHODS.get(method_of(row), _OTHERS)
