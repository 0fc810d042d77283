"""Several languages per update, and other ways than projection to make one gradient of many."""

import pytest
import torch

from tests.trainer.tiny import SHOTS, SOURCE, make_trainer, train, weights

NAMES = ["stochastic", "pcgrad", "upgrad", "cagrad", "gradvac"]


@pytest.mark.parametrize("surgery", NAMES)
@pytest.mark.parametrize("languages", [1, 2])
def test_every_aggregator_trains(tmp_path, surgery, languages):
    trainer = make_trainer(tmp_path, surgery=surgery, oracle_languages_per_step=languages)
    trainer.train()
    statistics = trainer.surgery_statistics.to_dict()
    assert statistics["steps"] == 6
    assert sum(of["draws"] for of in statistics["languages"].values()) == 6 * languages
    assert all(weight.isfinite().all() for weight in weights(trainer.model).values())


def test_aggregators_differ(tmp_path):
    runs = [train(tmp_path, surgery=name, oracle_languages_per_step=2, train=SOURCE) for name in NAMES]
    heads = [run["classifier.weight"] for run in runs]
    assert all(not torch.equal(a, b) for i, a in enumerate(heads) for b in heads[:i])


def test_memory_grows_with_the_languages_drawn_not_with_those_there_are(tmp_path):
    held = []
    for languages in (2, 12):
        shots = {f"l{n:02}": SHOTS["de"] for n in range(languages)}
        trainer = make_trainer(tmp_path, oracles=shots, oracle_languages_per_step=2, max_steps=1)
        correct = trainer._correct_
        trainer._correct_ = lambda mixed, oracles, correct=correct: held.append(len(oracles)) or correct(mixed, oracles)
        trainer.train()
    assert held == [2, 2]


def test_accumulation_does_not_change_the_update(tmp_path):
    settings = {"surgery": "upgrad", "oracle_languages_per_step": 2}
    whole = train(tmp_path, **settings)
    cut = train(tmp_path, **settings, per_device_train_batch_size=2, gradient_accumulation_steps=4)
    torch.testing.assert_close(cut, whole, rtol=1e-6, atol=1e-8)
