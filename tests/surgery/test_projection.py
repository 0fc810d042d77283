"""The projection: its formula, its edges, and the defect of the authors' code that it must not have."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hf_mixtrain.surgery import project_conflict_, projection_weights

FLOATS = st.lists(st.floats(-1e3, 1e3, width=32), min_size=6, max_size=6)


def split(values):
    """Six numbers as the gradients of three parameters of different shapes."""
    vector = torch.tensor(values, dtype=torch.float64)
    return [vector[:1].clone(), vector[1:5].view(2, 2).clone(), vector[5:].clone()]


def flat(tensors):
    return torch.cat([t.flatten() for t in tensors])


@given(FLOATS, FLOATS)
def test_projected_gradient_never_opposes_the_oracle(g, o):
    mixed, oracle = split(g), split(o)
    project_conflict_(mixed, oracle)
    assert flat(mixed) @ flat(oracle) >= -1e-9 * flat(mixed).norm() * flat(oracle).norm() - 1e-12


@given(FLOATS, FLOATS)
def test_equals_the_formula_over_all_parameters_at_once(g, o):
    mixed, oracle = split(g), split(o)
    vector, against = flat(mixed), flat(oracle)
    share = (vector @ against) / (against @ against) if against.norm() > 1e-100 else torch.tensor(0.0)
    project_conflict_(mixed, oracle)
    torch.testing.assert_close(flat(mixed), vector - min(share, torch.tensor(0.0)) * against)


@given(FLOATS, FLOATS)
def test_a_second_projection_changes_nothing(g, o):
    mixed, oracle = split(g), split(o)
    project_conflict_(mixed, oracle)
    once = flat(mixed).clone()
    project_conflict_(mixed, oracle)
    torch.testing.assert_close(flat(mixed), once, rtol=1e-9, atol=1e-9 * float(once.norm()))


@given(FLOATS, FLOATS, st.floats(1e-3, 1e3))
def test_scale_of_the_oracle_makes_no_difference(g, o, scale):
    mixed, scaled = split(g), split(g)
    project_conflict_(mixed, split(o))
    project_conflict_(scaled, [scale * t for t in split(o)])
    torch.testing.assert_close(flat(scaled), flat(mixed), rtol=1e-9, atol=1e-9)


def test_without_conflict_the_gradient_keeps_every_bit():
    mixed, oracle = [torch.tensor([0.1, 0.2])], [torch.tensor([0.3, 0.0])]
    surgery = project_conflict_(mixed, oracle)
    assert not surgery.projected
    assert mixed[0].tolist() == torch.tensor([0.1, 0.2]).tolist()


def test_cosine_is_that_before_the_projection():
    mixed, oracle = [torch.tensor([3.0, -4.0])], [torch.tensor([0.0, 2.0])]
    surgery = project_conflict_(mixed, oracle)
    assert surgery.projected
    assert surgery.cosine == pytest.approx(-0.8)
    assert mixed[0].tolist() == [3.0, 0.0]


@pytest.mark.parametrize("bad", [0.0, float("nan"), float("inf"), float("-inf")])
def test_useless_oracle_leaves_the_gradient_alone(bad):
    mixed = [torch.tensor([1.0, -1.0]), torch.tensor([2.0])]
    surgery = project_conflict_(mixed, [torch.tensor([0.0, bad]), torch.tensor([0.0])])
    assert surgery == (0.0, False)
    assert [t.tolist() for t in mixed] == [[1.0, -1.0], [2.0]]


def test_nan_in_the_mixed_gradient_stays_where_it_is():
    mixed = [torch.tensor([float("nan"), 1.0])]
    assert not project_conflict_(mixed, [torch.tensor([1.0, -1.0])]).projected
    assert mixed[0][0].isnan()
    assert mixed[0][1] == 1.0


def test_no_parameter_reads_the_gradient_of_another():
    """The authors' copy-back counted a parameter without gradient as 0 numbers and shifted all that follow."""
    shapes = [(3,), (2, 2), (4,)]
    mixed = [torch.full(shape, float(i + 1)) for i, shape in enumerate(shapes)]
    oracle = [torch.zeros(shape) for shape in shapes]
    oracle[0] -= 1.0  # the conflict lies in the first parameter alone
    project_conflict_(mixed, oracle)
    assert [t.unique().tolist() for t in mixed] == [[0.0], [2.0], [3.0]]


def test_lists_of_different_length_are_refused():
    with pytest.raises(ValueError, match="zip"):
        project_conflict_([torch.ones(1)], [torch.ones(1), torch.ones(1)])


@given(FLOATS, FLOATS, FLOATS)
def test_with_several_oracles_the_last_is_never_opposed(g, first, last):
    rows = torch.stack([flat(split(v)) for v in (g, first, last)])
    gram = rows @ rows.T
    if (gram.diagonal() < 1e-6).any():
        return
    result = projection_weights(gram) @ rows
    assert result @ rows[2] >= -1e-8 * (rows.norm(dim=1).prod() + rows.norm() ** 2)
