"""The scale of the loss under accumulation: the rule that separates models, and what is made of it."""

import pytest
import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    set_seed,
)

from hf_mixtrain.trainer.loss_scale import count_items
from tests.trainer.tiny import MIXED, make_trainer, model, train, weights

SMALL = {
    "vocab_size": 32,
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 16,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "cls_token_id": 1,
    "sep_token_id": 2,
    "num_labels": 3,
}
SEQUENCES = [{**row, "labels": row["input_ids"][0] % 3} for row in MIXED]
SPANS = [
    {"input_ids": row["input_ids"], "start_positions": i % 3, "end_positions": 3 + i % 3} for i, row in enumerate(MIXED)
]


def build(head, kind, **changes):
    set_seed(0)
    return head.from_config(AutoConfig.for_model(kind, **SMALL | changes)).double()


def detected(folder, net, examples):
    trainer = make_trainer(folder, net=net, train=examples, oracles=None, surgery="none", max_steps=1,
                           per_device_train_batch_size=4, gradient_accumulation_steps=2)  # fmt: skip
    trainer.train()
    return trainer._loss_scale.is_mean_of_micro_batch


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta", "rembert", "deberta-v2", "modernbert"])
@pytest.mark.parametrize(
    ("head", "examples"),
    [(AutoModelForTokenClassification, MIXED), (AutoModelForSequenceClassification, SEQUENCES)],
)
def test_encoder_heads_return_the_mean_of_the_micro_batch(tmp_path, kind, head, examples):
    assert detected(tmp_path, build(head, kind), examples)


@pytest.mark.parametrize(
    ("head", "kind"),
    [(AutoModelForCausalLM, "llama"), (AutoModelForCausalLM, "bert"), (AutoModelForMaskedLM, "modernbert")],
)
def test_models_that_divide_by_the_items_are_left_to_trainer(tmp_path, head, kind):
    assert not detected(tmp_path, build(head, kind), MIXED)


@pytest.mark.parametrize("gradient_accumulation_steps", [1, 3])
def test_a_language_model_is_trained_as_trainer_does_to_the_bit(tmp_path, gradient_accumulation_steps):
    settings = {"gradient_accumulation_steps": gradient_accumulation_steps, "per_device_train_batch_size": 4}
    stock = train(tmp_path, stock=True, net=build(AutoModelForCausalLM, "llama"), **settings)
    ours = train(tmp_path, net=build(AutoModelForCausalLM, "llama"), surgery="none", **settings)
    assert all(torch.equal(ours[name], stock[name]) for name in stock)


def test_question_answering_is_trained_as_trainer_does_to_the_bit(tmp_path):
    settings = {"gradient_accumulation_steps": 2, "per_device_train_batch_size": 4, "train": SPANS}
    stock = train(tmp_path, stock=True, net=build(AutoModelForQuestionAnswering, "bert", num_labels=2), **settings)
    ours = train(tmp_path, net=build(AutoModelForQuestionAnswering, "bert", num_labels=2), oracles=None, **settings)
    assert all(torch.equal(ours[name], stock[name]) for name in stock)


def test_trainer_forgets_the_division_and_ours_does_not(tmp_path):
    """huggingface/transformers#47688: delete `loss_scale.py` when this fails for the stock Trainer."""
    even = [{**row, "labels": [label % 3 for label in row["input_ids"]]} for row in MIXED[:16]]
    settings = {"max_steps": 1, "train": even, "net": None}
    start = weights(model())
    whole = train(tmp_path, stock=True, per_device_train_batch_size=16, **settings)
    cut = {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 4}
    stock = train(tmp_path, stock=True, **settings, **cut)
    ours = train(tmp_path, surgery="none", **settings, **cut)
    for name, before in start.items():
        torch.testing.assert_close(ours[name] - before, whole[name] - before, rtol=1e-6, atol=1e-12)
        torch.testing.assert_close(stock[name] - before, 4 * (whole[name] - before), rtol=1e-6, atol=1e-12)


def test_plain_training_arguments_keep_trainers_scale(tmp_path):
    from hf_mixtrain import GradientMixTrainer

    settings = {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 2}
    stock = train(tmp_path, stock=True, **settings)
    ours = train(tmp_path, stock=True, cls=GradientMixTrainer, **settings)
    assert all(torch.equal(ours[name], stock[name]) for name in stock)


@pytest.mark.parametrize("batch", [{"label_smoothing_factor": 0.1}, {"trainer_kwargs": {"compute_loss_func": None}}])
def test_label_smoothing_divides_by_the_items_itself(tmp_path, batch):
    if "trainer_kwargs" in batch:
        batch = {"trainer_kwargs": {"compute_loss_func": mean_over_all_items}}
    whole = train(tmp_path, **batch)
    cut = train(tmp_path, per_device_train_batch_size=2, gradient_accumulation_steps=4, **batch)
    torch.testing.assert_close(cut, whole, rtol=1e-8, atol=1e-11)


def mean_over_all_items(outputs, labels, num_items_in_batch=None):
    losses = torch.nn.functional.cross_entropy(outputs["logits"].flatten(0, 1), labels.flatten(), reduction="sum")
    return losses / num_items_in_batch


def test_shifted_labels_are_counted_as_trainer_counts_them():
    batch = {"labels": torch.tensor([[1, 2, -100], [-100, 3, 4]])}
    assert count_items(batch, shifted=False) == 4
    assert count_items(batch, shifted=True) == 3
    assert count_items({**batch, "shift_labels": torch.tensor([[2, -100]])}, shifted=True) == 1
