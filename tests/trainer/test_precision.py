"""Mixed precision: bf16, and fp16 with a gradient scaler."""

import pytest
import torch

from tests.trainer.tiny import SHOTS, SOURCE, make_trainer, model, weights


def float32_run(folder, **settings):
    trainer = make_trainer(folder, net=model(torch.float32), logging_steps=1, **settings)
    trainer.train()
    return trainer


def with_scaler(folder, scale, **settings):
    """On a CPU accelerate turns fp16 off; here it gets the autocast and the scaler that it has on a GPU."""
    trainer = make_trainer(folder, net=model(torch.float32), fp16=True, logging_steps=1, **settings)
    trainer.accelerator.native_amp = True
    trainer.accelerator.scaler = torch.amp.GradScaler("cpu", init_scale=scale)
    return trainer


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_stays_near_single_precision(tmp_path, precision):
    full = float32_run(tmp_path)
    if precision == "bf16":
        half = float32_run(tmp_path, bf16=True)
    else:
        half = with_scaler(tmp_path, 2.0**8)
        half.train()
    assert any(not torch.equal(a, b) for a, b in zip(half.model.parameters(), full.model.parameters(), strict=True))
    assert half.surgery_statistics.to_dict()["skipped"] == 0
    torch.testing.assert_close(weights(half.model), weights(full.model), rtol=0.02, atol=2e-3)
    for ours, expected in zip(half.state.log_history, full.state.log_history, strict=True):
        assert ours["surgery/cosine"] == pytest.approx(expected["surgery/cosine"], abs=0.02)


def test_scaler_makes_no_difference_to_the_projection_and_logs_unscaled_norms(tmp_path):
    """Both gradients carry the scale, the coefficient does not."""
    runs = []
    for scale in (2.0**4, 2.0**10):
        trainer = with_scaler(tmp_path, scale, max_grad_norm=1.0)
        trainer.train()
        runs.append((weights(trainer.model), [entry.get("grad_norm") for entry in trainer.state.log_history]))
    torch.testing.assert_close(runs[0][0], runs[1][0], rtol=1e-2, atol=1e-3)
    assert runs[0][1][:-1] == pytest.approx(runs[1][1][:-1], rel=1e-2)


def test_steps_with_infinite_gradients_are_skipped_as_trainer_skips_them(tmp_path):
    """A scale that overflows: the first steps change nothing and halve the scale, with and without surgery."""
    histories = []
    for stock in (True, False):
        trainer = with_scaler(tmp_path, 2.0**40, stock=stock, max_steps=3)
        before = weights(trainer.model)
        trainer.train()
        unchanged = all(torch.equal(before[name], weight) for name, weight in weights(trainer.model).items())
        histories.append((unchanged, trainer.accelerator.scaler.get_scale()))
    assert histories == [(True, 2.0**37)] * 2  # three steps, three halvings
    assert trainer.surgery_statistics.to_dict()["skipped"] == 3


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_parameters_are_projected_in_single_precision(tmp_path, dtype):
    trainer = make_trainer(tmp_path, net=model(dtype), train=SOURCE, max_steps=4, learning_rate=0.1)
    trainer.train()
    reference = make_trainer(tmp_path, net=model(torch.float32), train=SOURCE, max_steps=4, learning_rate=0.1)
    reference.train()
    found, expected = trainer.surgery_statistics.to_dict(), reference.surgery_statistics.to_dict()
    assert found["cosine"] == pytest.approx(expected["cosine"], abs=0.02)
    assert found["languages"].keys() == expected["languages"].keys() <= SHOTS.keys()
