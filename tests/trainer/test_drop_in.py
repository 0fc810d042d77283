"""What else a Trainer does, with surgery on."""

import numpy as np
import pytest
import torch
from transformers import Trainer, TrainerCallback, TrainingArguments

from hf_mixtrain import GradientMixTrainer
from tests.trainer.tiny import MIXED, SHOTS, arguments, make_trainer, model, weights


class Recorder(TrainerCallback):
    def __init__(self):
        self.events = []

    def __getattribute__(self, name):
        if name.startswith("on_"):
            return lambda args, state, control, **kwargs: self.events.append((name, state.global_step, sorted(kwargs)))
        return super().__getattribute__(name)


def test_callbacks_are_called_as_by_trainer(tmp_path):
    recorders = [Recorder(), Recorder()]
    for recorder, stock in zip(recorders, (True, False), strict=True):
        kwargs = {"callbacks": [recorder], "eval_dataset": MIXED[:4]}
        settings = {"eval_strategy": "steps", "eval_steps": 3, "gradient_accumulation_steps": 2}
        make_trainer(tmp_path, stock=stock, trainer_kwargs=kwargs, **settings).train()
    assert recorders[0].events == recorders[1].events
    assert len(recorders[0].events) > 20


def test_no_callback_is_added(tmp_path):
    stock, ours = make_trainer(tmp_path, stock=True), make_trainer(tmp_path)
    assert [type(c) for c in ours.callback_handler.callbacks] == [type(c) for c in stock.callback_handler.callbacks]


def test_predict_and_evaluate_are_those_of_trainer(tmp_path):
    def metrics(prediction):
        return {"mean": float(np.mean(prediction.predictions))}

    results = []
    for stock in (True, False):
        kwargs = {"compute_metrics": metrics, "eval_dataset": MIXED[:10]}
        trainer = make_trainer(tmp_path, stock=stock, trainer_kwargs=kwargs)
        found = trainer.evaluate()
        results.append(
            ({key: found[key] for key in ("eval_loss", "eval_mean")}, trainer.predict(MIXED[:10]).predictions)
        )
    assert results[0][0] == results[1][0]
    assert np.array_equal(results[0][1], results[1][1])


def test_evaluation_logs_carry_no_entry_of_surgery(tmp_path):
    settings = {"eval_strategy": "steps", "eval_steps": 2, "trainer_kwargs": {"eval_dataset": MIXED[:4]}}
    trainer = make_trainer(tmp_path, **settings)
    trainer.train()
    evaluations = [entry for entry in trainer.state.log_history if "eval_loss" in entry]
    assert evaluations
    assert not [key for entry in evaluations for key in entry if key.startswith("surgery")]


def test_positional_arguments_are_trainers(tmp_path):
    args = arguments(tmp_path, cls=TrainingArguments)
    collator = make_trainer(tmp_path).data_collator
    ours, stock = (cls(model(), args, collator, MIXED, MIXED[:2]) for cls in (GradientMixTrainer, Trainer))
    assert ours.data_collator is stock.data_collator is collator
    assert ours.eval_dataset == stock.eval_dataset


class SmallMemory(torch.nn.Module):
    """Runs out of memory above four rows."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.lookup = torch.nn.Embedding(32, 3)
        self.largest = 0

    def forward(self, input_ids, labels=None):
        if len(input_ids) > 4:
            raise RuntimeError("CUDA out of memory. Tried to allocate more than there is")
        self.largest = max(self.largest, len(input_ids))
        logits = self.lookup(input_ids)
        return {"loss": torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())}


def test_auto_find_batch_size_shrinks_the_oracle_batch_too(tmp_path):
    shots = {"de": SHOTS["de"] * 2}
    trainer = make_trainer(tmp_path, net=SmallMemory(), oracles=shots, auto_find_batch_size=True, max_steps=3,
                           per_device_train_batch_size=16)  # fmt: skip
    trainer.train()
    assert trainer.model.largest <= 4
    assert trainer.surgery_statistics.to_dict()["steps"] == 3
    assert trainer.surgery_statistics.to_dict()["skipped"] == 0


def test_hyperparameter_search_trains_with_surgery(tmp_path):
    pytest.importorskip("optuna", reason="needs optuna")
    steps = []

    class Counting(GradientMixTrainer):
        def train(self, *args, **kwargs):
            result = super().train(*args, **kwargs)
            steps.append(self.surgery_statistics.to_dict()["steps"])
            return result

    args = arguments(tmp_path, eval_strategy="no")
    trainer = Counting(
        args=args, model_init=lambda: model(), train_dataset=MIXED, eval_dataset=MIXED[:4], oracle_dataset=SHOTS
    )
    best = trainer.hyperparameter_search(
        hp_space=lambda trial: {"learning_rate": trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True)},
        backend="optuna",
        n_trials=2,
    )
    assert steps == [6, 6]
    assert best.hyperparameters.keys() == {"learning_rate"}


def test_saved_model_loads_again(tmp_path):
    trainer = make_trainer(tmp_path)
    trainer.train()
    trainer.save_model(tmp_path / "saved")
    again = type(trainer.model).from_pretrained(tmp_path / "saved", dtype=torch.float64)
    assert all(torch.equal(weight, weights(trainer.model)[name]) for name, weight in weights(again).items())


def test_oracles_with_plain_training_arguments_are_said_to_be_unused(tmp_path, caplog):
    GradientMixTrainer(model(), arguments(tmp_path, cls=TrainingArguments), train_dataset=MIXED, oracle_dataset=SHOTS)
    assert "surgery needs `GradientMixTrainingArguments`" in caplog.text
