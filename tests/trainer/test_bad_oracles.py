"""Oracle gradients that are zero, NaN or infinite, and NaN in the mixed gradient."""

import logging

import pytest
import torch

from tests.trainer.tiny import SHOTS, make_trainer, train, weights

IGNORED = {"de": [{**row, "labels": [-100] * 6} for row in SHOTS["de"]]}


class Scaled(torch.nn.Module):
    """A head whose gradient is scaled, for batches of oracle size alone, by ``factor``."""

    def __init__(self, factor, rows=4):
        super().__init__()
        torch.manual_seed(0)
        self.embedding = torch.nn.Embedding(32, 3, dtype=torch.float64)
        self.factor, self.rows = factor, rows

    def forward(self, input_ids, labels=None):
        logits = self.embedding(input_ids)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
        return {"loss": loss * self.factor if len(input_ids) == self.rows else loss}


@pytest.mark.parametrize("factor", [0.0, float("inf"), float("nan")])
def test_a_useless_oracle_never_reaches_the_model(tmp_path, factor):
    stock = train(tmp_path, net=Scaled(1.0), surgery="none")
    trainer = make_trainer(tmp_path, net=Scaled(factor))
    trainer.train()
    assert all(torch.equal(weight, stock[name]) for name, weight in weights(trainer.model).items())
    statistics = trainer.surgery_statistics.to_dict()
    assert (statistics["steps"], statistics["skipped"]) == (6, 6)
    assert statistics["conflict_rate"] == 0


def test_shots_without_any_label_are_skipped_and_counted(tmp_path):
    """The mean over no labels is NaN in the model's own loss."""
    trainer = make_trainer(tmp_path, oracles=IGNORED, logging_steps=3)
    trainer.train()
    assert trainer.surgery_statistics.to_dict()["skipped"] == 6
    assert trainer.state.log_history[0]["surgery/skipped"] == 3
    assert all(weight.isfinite().all() for weight in weights(trainer.model).values())


def test_warns_once(tmp_path, caplog):
    trainer = make_trainer(tmp_path, oracles=IGNORED)
    with caplog.at_level(logging.WARNING, logger="hf_mixtrain"):
        trainer.train()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "goes on without it" in caplog.text


def test_one_bad_oracle_does_not_keep_the_others_from_their_say(tmp_path):
    oracles = {"de": SHOTS["de"], "sw": IGNORED["de"]}
    trainer = make_trainer(tmp_path, oracles=oracles, oracle_languages_per_step=2)
    trainer.train()
    languages = trainer.surgery_statistics.to_dict()["languages"]
    assert languages["de"]["cosine"] != 0
    assert languages["sw"]["cosine"] == 0
    assert trainer.surgery_statistics.to_dict()["skipped"] == 6


def test_nan_in_the_mixed_gradient_behaves_as_in_trainer(tmp_path):
    """NaN only for the mixed batch: stock training goes on with NaN weights, and so does ours."""
    stock = train(tmp_path, stock=True, net=Scaled(float("nan"), rows=8))
    trainer = make_trainer(tmp_path, net=Scaled(float("nan"), rows=8))
    trainer.train()
    ours = weights(trainer.model)
    assert all(torch.equal(ours[name].isnan(), stock[name].isnan()) for name in stock)
    assert stock["embedding.weight"].isnan().any()
