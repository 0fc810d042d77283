"""The progress of updates, against the same numbers worked out from whole gradients."""

import pytest
import torch

from hf_mixtrain.diagnosis import progress_of_gram
from hf_mixtrain.surgery import project_conflict_


def _cosine(one, other):
    return (one @ other / one.norm() / other.norm()).item()


@pytest.fixture
def gradients():
    generator = torch.Generator().manual_seed(3)
    return torch.randn(4 + 2 * 3, 12, dtype=torch.float64, generator=generator)


def test_progress_is_that_of_updates_made_with_the_project_s_own_surgery(gradients):
    batches, shots, texts = gradients[:4], gradients[4:7], gradients[7:]
    found = progress_of_gram(gradients @ gradients.T, batches=4, weights=[0.3, 0.6, 0.1])
    for number, text in enumerate(texts):
        plain = [_cosine(batch, text) for batch in batches]
        surgery, repeated = [], []
        for batch in batches:
            for drawn, weight in zip(shots, [0.3, 0.6, 0.1], strict=True):
                update = batch.clone()
                project_conflict_([update], [drawn])
                surgery.append(_cosine(update, text))
                repeated.append(_cosine(batch + weight * drawn, text))
        assert found.plain[number].item() == pytest.approx(sum(plain) / 4)
        assert found.surgery[number].item() == pytest.approx(sum(surgery) / 12)
        assert found.repeated[number].item() == pytest.approx(sum(repeated) / 12)
    assert found.surgery_gain[0] == pytest.approx((found.surgery - found.plain).mean().item())
    low, high = found.repeated_gain[1]
    assert low < found.repeated_gain[0] < high


def test_where_nothing_conflicts_surgery_changes_nothing():
    gradients = torch.rand(3 + 4, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    found = progress_of_gram(gradients @ gradients.T, batches=3, weights=[0.5, 0.5])
    assert found.conflicts.tolist() == [0.0, 0.0]
    assert torch.equal(found.surgery, found.plain)
    assert found.surgery_gain[0] == 0.0


def test_the_length_of_a_gradient_does_not_count(gradients):
    scales = torch.ones(len(gradients), dtype=torch.float64)
    scales[[0, 2, 7, 9]] = torch.tensor([5.0, 0.1, 3.0, 0.2], dtype=torch.float64)
    scaled = gradients * scales[:, None]
    one = progress_of_gram(gradients @ gradients.T, batches=4, weights=[0.0] * 3)
    other = progress_of_gram(scaled @ scaled.T, batches=4, weights=[0.0] * 3)
    assert torch.allclose(one.surgery, other.surgery)
    assert torch.allclose(one.plain, other.plain)
    assert torch.equal(one.conflicts, other.conflicts)


def test_shots_without_a_gradient_leave_the_others_a_number(gradients):
    gradients[5] = 0.0
    found = progress_of_gram(gradients @ gradients.T, batches=4, weights=[0.3, 0.3, 0.3])
    assert found.plain.isfinite().all()
    assert found.surgery.isfinite().all()
    assert found.shots_and_held_out.isnan().tolist() == [False, True, False]
