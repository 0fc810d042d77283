"""Aggregators on the Gram matrix of [mixed, oracle 1, …, oracle m]."""

import pytest
import torch

from hf_mixtrain.surgery import AGGREGATORS, make_aggregator


def conflicting_gram(m):
    generator = torch.Generator().manual_seed(m)
    rows = torch.randn(m + 1, 8, dtype=torch.float64, generator=generator)
    rows[1] = rows[1] - 2 * rows[0]
    return rows, rows @ rows.T


@pytest.mark.parametrize("name", AGGREGATORS)
@pytest.mark.parametrize("m", [1, 3])
def test_gives_one_finite_weight_for_each_gradient(name, m):
    weights = make_aggregator(name, oracles=m)(conflicting_gram(m)[1])
    assert weights.shape == (m + 1,)
    assert weights.isfinite().all()
    assert weights[0] > 0


@pytest.mark.parametrize("name", ["stochastic", "upgrad"])
def test_without_conflict_the_mixed_gradient_stands_alone(name):
    gram = torch.eye(4, dtype=torch.float64) + 0.5
    weights = make_aggregator(name, oracles=3)(gram)
    torch.testing.assert_close(weights, torch.tensor([1.0, 0, 0, 0], dtype=torch.float64), atol=1e-9, rtol=0)


def test_upgrad_opposes_no_gradient():
    rows, gram = conflicting_gram(3)
    result = make_aggregator("upgrad", oracles=3)(gram) @ rows
    # torchjd regularises its quadratic program: not opposed up to 0.1 % of the lengths.
    assert (rows @ result >= -1e-3 * rows.norm(dim=1) * result.norm()).all()
    assert rows[1] @ rows[0] < 0


@pytest.mark.parametrize("name", ["pcgrad", "upgrad", "cagrad"])
def test_equals_torchjd_on_the_full_gradients(name):
    aggregation = pytest.importorskip("torchjd.aggregation", reason="needs the extra `aggregators`")
    rows, gram = conflicting_gram(2)
    preference = torch.tensor([1.0, 0, 0], dtype=torch.float64)
    full = {
        "pcgrad": lambda: aggregation.PCGrad(),
        "upgrad": lambda: aggregation.UPGrad(pref_vector=preference),
        "cagrad": lambda: aggregation.CAGrad(c=0.5),
    }[name]()
    torch.manual_seed(0)
    expected = full(rows)
    torch.manual_seed(0)
    result = make_aggregator(name, oracles=2)(gram) @ rows
    torch.testing.assert_close(result, expected, rtol=1e-4, atol=1e-4)


def test_gradvac_goes_on_from_its_saved_state():
    gram = conflicting_gram(2)[1]
    straight = make_aggregator("gradvac", oracles=2)
    torch.manual_seed(0)
    straight(gram)
    resumed = make_aggregator("gradvac", oracles=2)
    resumed.load_state(straight.state())
    torch.manual_seed(1)
    expected = straight(gram)
    torch.manual_seed(1)
    torch.testing.assert_close(resumed(gram), expected)


def test_stateless_aggregators_save_nothing():
    aggregator = make_aggregator("stochastic", oracles=1)
    aggregator(conflicting_gram(1)[1])
    assert aggregator.state() == {}
