from itertools import pairwise

import pytest
from matplotlib.colors import to_hex

from hf_mixtrain.methods import METHODS
from hf_mixtrain.report import group_results
from hf_mixtrain.report.colours import colour_of
from hf_mixtrain.report.figure_data import gain_map_of, scores_of
from hf_mixtrain.report.figures import draw_figures, gain_figure, score_figure

# Okabe and Ito (2008), Color Universal Design.
OKABE_ITO = {"#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"}


@pytest.fixture
def group(grid):
    return group_results(grid)[0]


def test_the_map_shows_the_gains_over_the_baseline_by_family(group):
    gains = gain_map_of(group, 5)
    assert gains.title == "panx, enc_base, K=5: gain in f1 over zero-shot"
    assert (gains.rows, gains.languages) == (("mix-ft", "gradient-mix-train"), ("en", "de", "sw"))
    assert gains.families == ("Germanic", "Germanic", "Niger-Congo")
    assert gains.texts == [["-1.0", "+0.0"], ["+5.0", "+5.5"], ["+11.0", "+15.5"]]
    axes = gain_figure(group, gains).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["en English", "de German", "sw Swahili"]
    assert [text.get_text() for text in axes.texts] == ["-1.0", "+0.0", "+5.0", "+5.5", "+11.0", "+15.5"]


def test_a_language_without_a_score_has_a_dash(result):
    results = [
        result("zero-shot", 0, 1, {"de": 60.0, "sw": 40.0}),
        result("mix-ft", 5, 1, {"de": 61.0}),
        result("ord-fs", 5, 1, {"de": 62.0, "sw": 45.0}),
    ]
    assert gain_map_of(group_results(results)[0], 5).texts == [["+2.0", "+1.0"], ["+5.0", "—"]]


def test_a_language_without_a_family_comes_last(result):
    scores = {"xx": 50.0, "sw": 40.0, "de": 60.0}
    cells = [result("zero-shot", 0, 1, scores), result("mix-ft", 5, 1, scores)]
    assert gain_map_of(group_results(cells)[0], 5).languages == ("de", "sw", "xx")


def test_several_k_are_lines_with_intervals_over_seeds(group):
    lines = {
        line.get_label(): line.get_ydata().tolist()
        for line in score_figure(group, scores_of(group)).axes[0].lines
        if not line.get_label().startswith("_")
    }
    assert lines["gradient-mix-train"] == pytest.approx([69.0, 72.0])
    assert lines["mix-FT"] == pytest.approx([66.0])
    assert lines["zero-shot"] == pytest.approx([61.0, 61.0])
    # 68, 68, 71: mean 69, sd 1.732; t with 2 degrees of freedom is 4.303.
    assert scores_of(group).points["gradient-mix-train"][5] == pytest.approx((69.0, 64.697, 73.303), abs=1e-3)
    assert scores_of(group).points["mix-ft"][5][1:] == (None, None)


def test_one_k_is_bars_from_zero(grid):
    group = group_results([cell for cell in grid if cell["shots"] != 10])[0]
    figure = score_figure(group, scores_of(group))
    axes = figure.axes[0]
    assert [round(bar.get_width(), 6) for bar in axes.patches] == [61.0, 66.0, 69.0]
    assert axes.get_xlim()[0] == 0
    assert axes.get_title() == "panx, enc_base: f1 by method, K=5"
    assert [to_hex(bar.get_facecolor()).upper() for bar in axes.patches] == ["#000000", "#E69F00", "#0072B2"]


def test_a_method_has_its_colour_whatever_else_is_shown_and_no_two_methods_share_one(group, grid):
    assert len({colour_of(method) for method in METHODS}) == len(METHODS)
    assert {colour_of(method) for method in METHODS if METHODS[method].in_paper} <= OKABE_ITO
    alone = group_results([cell for cell in grid if cell["method"] != "mix-ft"])[0]
    for one in (group, alone):
        lines = {line.get_label(): line.get_color() for line in score_figure(one, scores_of(one)).axes[0].lines}
        assert lines["gradient-mix-train"] == colour_of("gradient-mix-train")


def test_a_figure_shows_at_most_eight_rows_and_says_of_how_many(result):
    variants = [{}, *({"surgery": f"kind{number:02d}"} for number in range(14))]
    cells = [
        result(method, 5, 1, {"de": 50.0 + n, "sw": 40.0 + n}, settings=settings)
        for method in ("naive-mix-train", "gradient-mix-train")
        for n, settings in enumerate(variants if method == "gradient-mix-train" else [{}])
    ]
    group = group_results(cells)[0]
    scores, gains = scores_of(group), gain_map_of(group, 5)
    assert len(scores.points) == 8
    assert "naive-mix-train" in scores.points
    assert "gradient-mix-train (surgery=kind13)" in scores.points
    assert scores.title.endswith("(8 of 16 rows)")
    assert (len(gains.rows), gains.title[-16:]) == (7, " (8 of 16 rows)"[-16:].rjust(16, "n"))


def test_variants_of_one_method_are_told_apart_without_colour(result):
    settings = [{}, *({"max_steps": steps} for steps in (1, 2, 3))]
    cells = [result("mix-ft", k, 1, {"de": 50.0}, settings=chosen) for chosen in settings for k in (1, 5)]
    group = group_results(cells)[0]
    lines = [line for line in score_figure(group, scores_of(group)).axes[0].lines if line.get_label()[0] != "_"]
    assert len({(line.get_linestyle(), line.get_marker()) for line in lines}) == len(lines) == 4
    assert len({line.get_color() for line in lines}) == 1


@pytest.mark.parametrize("count", [13, 48])
def test_all_names_can_be_read(result, count):
    codes = [f"l{number:02d}" for number in range(count)]
    cells = [
        result(method, k, seed, {code: 50.0 + place + k for place, code in enumerate(codes)})
        for method, k in (("zero-shot", 0), ("naive-mix-train", 5), ("gradient-mix-train", 5))
        for seed in (1, 2, 3)
    ]
    group = group_results(cells)[0]
    figure = gain_figure(group, gain_map_of(group, 5))
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert len(boxes) == count
    assert all(upper.y0 >= lower.y1 for upper, lower in pairwise(boxes))


def test_what_has_no_data_is_not_drawn(tmp_path, result):
    group = group_results([result("zero-shot", 0, 1, {"de": 50.0})])[0]
    assert (scores_of(group), gain_map_of(group, 5), draw_figures(group, tmp_path)) == (None, None, [])


def test_an_interrupted_figure_leaves_no_file(tmp_path, group, monkeypatch):
    def fail(self, path, **kwargs):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", fail)
    with pytest.raises(KeyboardInterrupt):
        draw_figures(group, tmp_path)
    assert list(tmp_path.iterdir()) == []
