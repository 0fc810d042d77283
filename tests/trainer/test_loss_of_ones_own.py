"""The scale of the loss around any `compute_loss`, whatever micro-batch comes first, and in training alone."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from hf_mixtrain import GradientMixTrainer
from tests.trainer.tiny import MIXED, SOURCE, arguments, make_trainer, model, train, weights

# As many labels in every row: cutting a batch makes no difference to a mean of means.
EVEN = [{**row, "labels": [label % 3 for label in row["input_ids"]]} for row in MIXED]
CUT = {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 4}


class Own(GradientMixTrainer):
    """The example of Trainer's documentation: it knows nothing of `num_items_in_batch`."""

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        labels = inputs.pop("labels")
        outputs = model(**inputs)
        loss = cross_entropy(outputs.logits.flatten(0, 1), labels.flatten())
        return (loss, outputs) if return_outputs else loss


class WithKeywords(GradientMixTrainer):
    def compute_loss(self, model, inputs, **kwargs):
        return super().compute_loss(model, inputs, **kwargs)


class DividesByItself(Own):
    def compute_loss(self, *args, **kwargs):
        return super().compute_loss(*args, **kwargs) / self.current_gradient_accumulation_steps


class Divides(GradientMixTrainer):
    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        labels = inputs.pop("labels")
        outputs = model(**inputs)
        loss = cross_entropy(outputs.logits.flatten(0, 1), labels.flatten(), reduction="sum") / num_items_in_batch
        return (loss, outputs) if return_outputs else loss


class SaysSo(Own):
    loss_is_scaled_for_ga = False


def mean_over_the_micro_batch(outputs, labels, num_items_in_batch=None):
    return cross_entropy(outputs["logits"].flatten(0, 1), labels.flatten())


@pytest.mark.parametrize("surgery", ["none", "stochastic"])
@pytest.mark.parametrize("cls", [Own, WithKeywords, DividesByItself, Divides, SaysSo])
def test_any_compute_loss_gives_the_same_update_however_the_batch_is_cut(tmp_path, cls, surgery):
    settings = {"cls": cls, "train": EVEN, "oracles": None, "surgery": surgery}
    whole, cut = train(tmp_path, **settings), train(tmp_path, **settings, **CUT)
    torch.testing.assert_close(cut, whole, rtol=1e-8, atol=1e-11)


def test_a_compute_loss_func_that_ignores_the_items_is_put_right(tmp_path):
    own = {"trainer_kwargs": {"compute_loss_func": mean_over_the_micro_batch}, "surgery": "none"}
    torch.testing.assert_close(train(tmp_path, **own, **CUT), train(tmp_path, **own), rtol=1e-8, atol=1e-11)


def test_a_function_put_in_place_of_compute_loss_is_put_right_and_kept(tmp_path):
    def run(**cut):
        trainer = make_trainer(tmp_path, train=EVEN, surgery="none", **cut)
        trainer.compute_loss = own = Own.compute_loss.__get__(trainer)
        trainer.train()
        assert trainer.compute_loss is own
        return weights(trainer.model)

    torch.testing.assert_close(run(**CUT), run(), rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("place", [0, 3, 7])
def test_a_micro_batch_without_labels_decides_nothing(tmp_path, place):
    rows = SOURCE[3:10]
    unlabelled = {**SOURCE[0], "labels": [-100] * 6}
    rows = [*rows[:place], unlabelled, *rows[place:]]
    settings = {"surgery": "none", "max_steps": 1, "per_device_train_batch_size": 1, "gradient_accumulation_steps": 8}
    found = train(tmp_path, train=rows, **settings)
    expected = train(tmp_path, train=SOURCE[3:10], **settings | {"gradient_accumulation_steps": 7})
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-11)


def test_accumulation_changed_between_two_trainings_is_looked_at_again(tmp_path):
    again, fresh = (make_trainer(tmp_path, train=EVEN, max_steps=1, surgery="none", learning_rate=0.0, **batch)
                    for batch in ({"per_device_train_batch_size": 2}, CUT))  # fmt: skip
    again.train()
    again.args.gradient_accumulation_steps = 4
    for trainer in (again, fresh):
        trainer.args.learning_rate = 0.01
        trainer.optimizer = trainer.lr_scheduler = None
        trainer.train()
    torch.testing.assert_close(weights(again.model), weights(fresh.model), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("cls", [GradientMixTrainer, Own])
def test_training_never_changes_what_evaluate_says(tmp_path, cls):
    def loss(trainer):
        return trainer.evaluate(EVEN[:8])["eval_loss"], trainer.predict(EVEN[:8]).metrics["test_loss"]

    trainer = make_trainer(tmp_path, cls=cls, train=EVEN, learning_rate=0.0, eval_strategy="steps", eval_steps=2,
                           trainer_kwargs={"eval_dataset": EVEN[:8]}, **CUT)  # fmt: skip
    before = loss(trainer)
    trainer.train()
    during = [entry["eval_loss"] for entry in trainer.state.log_history if "eval_loss" in entry]
    assert loss(trainer) == before
    assert set(during) == {before[0]}


def test_labels_of_another_name_are_left_to_trainer(tmp_path):
    class Renamed(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = model()

        def forward(self, input_ids, targets=None, **kwargs):
            return self.inner(input_ids=input_ids, labels=targets)

    rows = [{"input_ids": row["input_ids"], "targets": row["labels"], "language": row["language"]} for row in EVEN]
    settings = {"train": rows, "oracles": None, "label_names": ["targets"], "remove_unused_columns": True}
    whole = train(tmp_path, net=Renamed(), **settings)
    cut = train(tmp_path, net=Renamed(), **settings, **CUT)
    torch.testing.assert_close(cut, whole, rtol=1e-8, atol=1e-11)


def test_a_new_model_is_looked_at_anew(tmp_path):
    from transformers import AutoConfig, AutoModelForCausalLM

    trainer = make_trainer(tmp_path, train=EVEN, surgery="none", max_steps=1, **CUT)
    trainer.train()
    assert trainer._loss_scale.is_mean_of_micro_batch
    config = AutoConfig.for_model("llama", vocab_size=32, hidden_size=16, intermediate_size=16, num_hidden_layers=1,
                                  num_attention_heads=2, num_key_value_heads=2, pad_token_id=0)  # fmt: skip
    args = arguments(tmp_path, surgery="none", max_steps=1, **CUT)
    other = GradientMixTrainer(
        model_init=lambda: AutoModelForCausalLM.from_config(config), args=args, train_dataset=EVEN
    )
    other.train()
    assert other._loss_scale.is_mean_of_micro_batch is False
