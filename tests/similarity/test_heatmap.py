import json
import sys
from itertools import pairwise

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb

from hf_mixtrain.similarity import heat_map, similarity_of_gram, write_similarity

GRAM = torch.tensor([[1.0, -0.5, 0.5], [-0.5, 1.0, 0.0], [0.5, 0.0, 1.0]])


@pytest.fixture
def similarity():
    return similarity_of_gram(["de", "sw", "zh"], GRAM)


def colours(figure):
    images = [image for axes in figure.axes for image in axes.images]
    return [image.cmap(image.norm(image.get_array())) for image in images]


def test_conflicts_are_red_by_strength_with_a_dot_and_gone_after():
    gram = torch.tensor([[1.0, -0.5, 0.5], [-0.5, 1.0, -0.1], [0.5, -0.1, 1.0]])
    figure = heat_map(similarity_of_gram(["de", "nl", "zh"], gram))
    before, after = colours(figure)[:2]
    red = [[bool(cell[0] > cell[2]) for cell in row] for row in before]
    assert red == [[False, True, False], [True, False, True], [False, True, False]]
    assert before[0, 1, 1] < before[1, 2, 1]  # the stronger one is darker
    assert not (after[..., 0] > after[..., 2]).any()
    dots = [sorted(map(tuple, axes.collections[0].get_offsets().tolist())) for axes in figure.axes[:2]]
    assert dots == [[(0, 1), (1, 0), (1, 2), (2, 1)], []]


def test_languages_are_named_and_stand_by_family():
    gram = torch.eye(3)
    gram[0, 2] = gram[2, 0] = 0.5
    axes = heat_map(similarity_of_gram(["nl", "zh", "de"], gram)).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["nl Dutch", "de German", "zh Chinese"]
    assert axes.images[0].get_array()[0, 1] == 0.5


def test_what_is_no_number_is_grey():
    gram = GRAM.clone()
    gram[2] = gram[:, 2] = 0
    before = colours(heat_map(similarity_of_gram(["a", "b", "c"], gram)))[0]
    assert np.allclose(before[2, :, :3], to_rgb("#999999"))


def test_every_language_has_a_label_at_48_languages():
    names = [f"{n:02d}" for n in range(48)]
    figure = heat_map(similarity_of_gram(names, torch.eye(48)))
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert len(boxes) == 48
    assert all(upper.y0 >= lower.y1 for upper, lower in pairwise(boxes))


def test_numbers_and_picture_are_written(tmp_path, similarity):
    files = write_similarity(similarity, tmp_path / "new" / "map.v1", title="t", step=3)
    assert [path.name for path in files] == ["map.v1.json", "map.v1.png"]
    assert files[1].read_bytes().startswith(b"\x89PNG")
    assert json.loads(files[0].read_text()) == {"step": 3, **similarity.to_dict()}
    assert len(files[0].read_text().splitlines()) == 18


def test_without_matplotlib_the_numbers_are_written(tmp_path, similarity, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "matplotlib.figure", raising=False)
    assert [path.name for path in write_similarity(similarity, tmp_path / "map")] == ["map.json"]
    with pytest.raises(ImportError, match=r'need matplotlib: pip install "hf_mixtrain\[plot\]"'):
        heat_map(similarity)
