import json
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_mixtrain.similarity import similarity_of_gram
from hf_mixtrain.similarity.matrix import share_of_conflicts
from hf_mixtrain.surgery import project_conflict_


def vectors(seed, languages=5, size=7):
    return torch.randn(languages, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def similarity_of(gradients):
    return similarity_of_gram([str(i) for i in range(len(gradients))], gradients @ gradients.T)


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_after_is_what_surgery_with_the_column_as_oracle_leaves(seed):
    gradients = vectors(seed)
    found = similarity_of(gradients)
    for i in range(5):
        for j in range(5):
            mixed = gradients[i].clone()
            project_conflict_([mixed], [gradients[j]])
            cosine = torch.cosine_similarity(mixed, gradients[j], dim=0)
            assert found.after[i, j].item() == pytest.approx(cosine.item(), abs=1e-9)


def test_conflicts_after_one_draw_are_those_of_every_projection():
    gradients = vectors(3, languages=6, size=4)
    conflicts = []
    for i in range(6):
        for oracle in set(range(6)) - {i}:
            mixed = gradients[i].clone()
            project_conflict_([mixed], [gradients[oracle]])
            conflicts += [bool(mixed @ gradients[j] < -1e-12) for j in range(6) if j != i]
    found = similarity_of(gradients)
    assert found.conflicts_after_one_draw == pytest.approx(sum(conflicts) / len(conflicts))
    assert 0 < found.conflicts_after_one_draw < found.conflicts_before


@given(st.integers(0, 10**6), st.lists(st.floats(1e-3, 1e3), min_size=5, max_size=5))
def test_the_length_of_a_gradient_changes_no_cosine(seed, lengths):
    gradients = vectors(seed)
    scaled = similarity_of(gradients * torch.tensor(lengths, dtype=torch.float64)[:, None])
    torch.testing.assert_close(scaled.before, similarity_of(gradients).before)
    assert scaled.conflicts_after_one_draw == similarity_of(gradients).conflicts_after_one_draw


@pytest.mark.parametrize("bad", [0.0, math.nan, math.inf])
def test_a_gradient_that_is_zero_or_no_number_is_unknown_and_spoils_no_other(bad):
    gradients = vectors(1)
    gradients[2] = bad
    found, without = similarity_of(gradients), similarity_of(vectors(1)[[0, 1, 3, 4]])
    assert found.before[2].isnan().all()
    assert found.before[:, 2].isnan().all()
    torch.testing.assert_close(found.before[[0, 1, 3, 4]][:, [0, 1, 3, 4]], without.before)
    assert found.conflicts_before == without.conflicts_before
    assert found.to_dict()["before"][2] == [None] * 5


def test_numbers_go_through_json():
    written = json.loads(json.dumps(similarity_of(vectors(1)).to_dict(), allow_nan=False))
    assert written["languages"] == ["0", "1", "2", "3", "4"]
    assert written["before"][0][0] == 1.0
    assert written["sketch_size"] is None


def test_the_share_of_conflicts_of_nothing_is_no_number():
    assert math.isnan(share_of_conflicts(torch.full((2, 2), math.nan)))
