import pytest
from matplotlib.colors import to_hex

from hf_mixtrain.methods import METHODS
from hf_mixtrain.report import group_results
from hf_mixtrain.report.figures import draw_figures, gain_figure, score_figure

# Okabe and Ito (2008), Color Universal Design.
OKABE_ITO = {"#000000", "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"}


@pytest.fixture
def group(grid):
    return group_results(grid)[0]


def heights(axes):
    return [round(bar.get_height(), 6) for bar in axes.patches]


def test_bars_are_the_gains_over_zero_shot_sorted_by_the_best_method(group):
    mix_ft, gradient = gain_figure(group, 5).axes
    assert [label.get_text() for label in gradient.get_xticklabels()] == ["sw", "de", "en"]
    assert heights(gradient) == [17.0, 6.0, 1.0]
    assert heights(mix_ft) == [11.0, 5.0, -1.0]
    assert {to_hex(bar.get_facecolor()) for bar in mix_ft.patches} == {"#0072b2", "#d55e00"}


def test_without_zero_shot_the_gains_are_over_the_first_method(grid):
    figure = gain_figure(group_results([cell for cell in grid if cell["method"] != "zero-shot"])[0], 5)
    assert [heights(axes) for axes in figure.axes] == [[6.0, 2.0, 1.0]]
    assert figure.get_suptitle() == "panx, org/enc_base, K=5: gain in f1 over mix-FT"


def test_a_language_without_a_score_has_a_dash_and_no_bar(result):
    results = [
        result("zero-shot", 0, 1, {"de": 60.0, "sw": 40.0}),
        result("mix-ft", 5, 1, {"de": 61.0}),
        result("naive-mix-train", 5, 1, {"de": 62.0, "sw": 45.0}),
    ]
    mix_ft, naive = gain_figure(group_results(results)[0], 5).axes
    assert heights(naive) == [5.0, 2.0]
    assert heights(mix_ft) == [0.0, 1.0]
    assert [text.get_text() for text in mix_ft.texts] == ["—"]


def test_scores_are_lines_over_k_and_zero_shot_is_level(group):
    lines = {line.get_label(): line.get_ydata() for line in score_figure(group).axes[0].lines}
    assert lines["gradient-mix-train"] == pytest.approx([69.0, 72.0])
    assert lines["mix-FT"] == pytest.approx([66.0])
    assert lines["zero-shot"] == pytest.approx([61.0, 61.0])


def test_all_methods_can_be_told_apart_by_colour_blind_readers(result):
    cells = [result(method, 5 if m else 0, 1, {"de": 50.0 + m}) for m, method in enumerate(METHODS)]
    lines = score_figure(group_results(cells)[0]).axes[0].lines
    looks = {(to_hex(line.get_color()), line.get_marker(), line.get_linestyle()) for line in lines}
    assert len(looks) == len(lines) == len(METHODS)
    assert {colour for colour, _, _ in looks} <= OKABE_ITO


def test_the_lines_of_fifteen_variants_are_told_apart(result):
    variants = [{}, *({"surgery": f"kind{number}"} for number in range(14))]
    cells = [result("mix-ft", 5, 1, {"de": 50.0 + n}, settings=settings) for n, settings in enumerate(variants)]
    figure = score_figure(group_results(cells)[0])
    lines = figure.axes[0].lines
    assert len({(to_hex(line.get_color()), line.get_marker(), line.get_linestyle()) for line in lines}) == 15


def test_gains_over_several_zero_shot_rows_do_not_name_one_of_them(result):
    cells = [
        result(method, shots, 1, {"de": 40.0 + shots}, settings=settings)
        for method, shots in (("zero-shot", 0), ("mix-ft", 5))
        for settings in ({}, {"max_length": 256})
    ]
    figure = gain_figure(group_results(cells)[0], 5)
    assert figure.get_suptitle() == "panx, org/enc_base, K=5: gain in f1 over zero-shot of the same settings"


def test_what_has_no_data_is_not_drawn(tmp_path, result):
    group = group_results([result("zero-shot", 0, 1, {"de": 50.0})])[0]
    assert (score_figure(group), gain_figure(group, 5), draw_figures(group, tmp_path)) == (None, None, [])


def test_an_interrupted_figure_leaves_no_file(tmp_path, group, monkeypatch):
    def fail(self, path, **kwargs):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", fail)
    with pytest.raises(KeyboardInterrupt):
        draw_figures(group, tmp_path)
    assert list(tmp_path.iterdir()) == []
