"""What a cell is compared with."""

import pytest

from hf_mixtrain.cards.comparison import compare


def test_gain_is_over_the_zero_shot_model_of_the_same_seed(cell, zero_shot):
    other = {**zero_shot, "seed": 2, "scores": {code: {"f1": 0.0} for code in cell["languages"]}}
    comparison = compare(cell, [other, zero_shot])
    assert [row.gain for row in comparison.rows] == pytest.approx([-0.874, 5.0, 11.5])
    assert comparison.zero_shot_seeds == (1,)


def test_without_that_seed_gain_is_over_the_mean_of_the_others(cell, zero_shot):
    others = [{**zero_shot, "seed": 2}, {**zero_shot, "seed": 3, "scores": cell["scores"]}]
    comparison = compare(cell, others)
    assert comparison.rows[1].zero_shot == pytest.approx((65.0 + 70.0) / 2)
    assert comparison.zero_shot_seeds == (2, 3)


@pytest.mark.parametrize(
    "difference",
    [
        {"task": "udpos"},
        {"model": "xlm-roberta-base"},
        {"languages": ["en", "de"]},
        {"settings": {"max_eval_examples": 100}},
        {"settings": {"max_eval_examples": 200, "data_source": "demo"}},
    ],
)
def test_scores_on_other_work_are_not_compared(cell, zero_shot, difference):
    assert compare(cell, [{**zero_shot, **difference}]).rows[0].gain is None


def test_spread_is_over_seeds_of_the_same_method_shots_and_settings(cell, other_seed):
    strangers = [
        {**other_seed, "seed": 3, "method": "mix-ft"},
        {**other_seed, "seed": 4, "shots": 5},
        {**other_seed, "seed": 5, "settings": {}},
    ]
    row = compare(cell, [cell, other_seed, *strangers]).rows[1]
    assert row.seeds == pytest.approx((70.5, 0.5**0.5, 2))


def test_one_seed_has_no_standard_deviation(cell):
    assert compare(cell).rows[0].seeds == (80.126, None, 1)


def test_means_are_over_all_languages_and_over_the_targets(cell):
    everything, targets = compare(cell).means
    assert everything.score == pytest.approx(cell["average"])
    assert targets.score == pytest.approx((70.0 + 61.5) / 2)
