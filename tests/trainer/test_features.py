"""One row of docs/compositions.md each: what works with Trainer works with surgery."""

import pytest
import torch
from datasets import Dataset, IterableDataset
from transformers import DataCollatorForTokenClassification, TrainerCallback

from hf_mixtrain import GradientMixTrainer
from tests.trainer.tiny import CHECKPOINTING, FLAGS, MIXED, SHOTS, make_trainer, model, train, weights


def assert_same(found, expected, tolerance=1e-9):
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("reentrant", [False, True])
def test_gradient_checkpointing_gives_the_same_update(tmp_path, reentrant):
    settings = {CHECKPOINTING: True, f"{CHECKPOINTING}_kwargs": {"use_reentrant": reentrant}}
    accumulation = {"gradient_accumulation_steps": 2, "per_device_train_batch_size": 4}
    assert_same(train(tmp_path, **settings, **accumulation), train(tmp_path, **accumulation))


def test_compiled_model_gives_the_same_update(tmp_path):
    compiled = make_trainer(tmp_path, net=model(torch.float32), torch_compile=True, torch_compile_backend="aot_eager")
    compiled.train()
    expected = train(tmp_path, net=model(torch.float32))
    found = {name.removeprefix("_orig_mod."): weight for name, weight in weights(compiled.model).items()}
    assert_same(found, expected, tolerance=1e-5)
    assert compiled.surgery_statistics.to_dict()["steps"] == 6


# peft 0.21 uses a name that transformers 5.23 has renamed.
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_lora_trains_and_projects_the_adapter_alone(tmp_path):
    peft = pytest.importorskip("peft", reason="needs peft")
    net = peft.get_peft_model(
        model(torch.float32), peft.LoraConfig(r=2, target_modules=["query"], task_type="TOKEN_CLS")
    )
    before = weights(net)
    trainer = make_trainer(tmp_path, net=net, learning_rate=0.5)
    held = []
    correct = trainer._correct_
    trainer._correct_ = lambda mixed, oracles: held.append(len(mixed)) or correct(mixed, oracles)
    trainer.train()
    trainable = {name for name, p in net.named_parameters() if p.requires_grad}
    moved = {name for name, weight in weights(net).items() if not torch.equal(weight, before[name])}
    assert moved
    assert moved <= trainable
    assert set(held) == {len(trainable)}


class Embedded(torch.nn.Module):
    """A model of lookups, whose gradient can be sparse."""

    def __init__(self, sparse):
        super().__init__()
        torch.manual_seed(0)
        self.lookup = torch.nn.Embedding(32, 3, sparse=sparse, dtype=torch.float64)

    def forward(self, input_ids, labels=None):
        logits = self.lookup(input_ids)
        return {"loss": torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten()), "logits": logits}


class WithoutNorm(GradientMixTrainer):
    """Trainer 5.23 itself stops at sparse gradients when it takes their norm."""

    def _get_grad_norm(self, model, grad_norm=None):
        return 0.0


def test_sparse_embedding_gradients_give_the_same_update(tmp_path):
    runs = [train(tmp_path, net=Embedded(sparse), learning_rate=1.0, cls=WithoutNorm) for sparse in (True, False)]
    assert_same(*runs)


def test_custom_collator_is_used_for_oracles_too(tmp_path):
    seen = []

    def padding_free(examples):
        seen.append({row["language"] for row in examples if "language" in row})
        flat = {
            key: torch.tensor([[token for row in examples for token in row[key]]]) for key in ("input_ids", "labels")
        }
        positions = [place for row in examples for place in range(len(row["input_ids"]))]
        return flat | {"position_ids": torch.tensor([positions])}

    settings = {"per_device_train_batch_size": 2, "trainer_kwargs": {"data_collator": padding_free}}
    trainer = make_trainer(tmp_path, oracles={"de": SHOTS["de"][:2]}, **settings)
    trainer.train()
    assert trainer.surgery_statistics.to_dict()["steps"] == 6
    # Columns that the model does not take are gone before collation, as in Trainer.
    assert not set().union(*seen)


@pytest.mark.parametrize("remove", [True, False])
@pytest.mark.parametrize("kind", ["list", "arrow"])
def test_language_column_does_not_reach_the_model(tmp_path, kind, remove):
    data = Dataset.from_list(MIXED) if kind == "arrow" else MIXED
    found = train(tmp_path, train=data, oracles=None, remove_unused_columns=remove)
    assert_same(found, train(tmp_path))


def test_dynamic_padding_collator_pads_oracles_on_their_own(tmp_path, tiny_tokenizer):
    ragged = [{**row, "input_ids": row["input_ids"][: 3 + i % 4], "labels": row["labels"][: 3 + i % 4]}
              for i, row in enumerate(MIXED)]  # fmt: skip
    trainer = make_trainer(
        tmp_path,
        train=ragged,
        oracles=None,
        trainer_kwargs={"data_collator": DataCollatorForTokenClassification(tiny_tokenizer)},
    )
    trainer.train()
    assert trainer.surgery_statistics.to_dict()["skipped"] == 0


@pytest.mark.skipif("train_sampling_strategy" not in FLAGS, reason="rows in order need transformers 5.2")
def test_stream_of_training_rows_gives_the_same_update_as_a_list(tmp_path):
    stream = IterableDataset.from_generator(lambda: iter(MIXED * 2))
    by_stream = make_trainer(tmp_path, train=stream, max_steps=6)
    by_stream.train()
    in_order = make_trainer(tmp_path, train=MIXED * 2, max_steps=6, train_sampling_strategy="sequential")
    in_order.train()
    assert_same(weights(by_stream.model), weights(in_order.model))


def test_stream_that_ends_inside_a_window_carries_on(tmp_path):
    stream = IterableDataset.from_generator(lambda: iter(MIXED[:10]))
    settings = {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 2, "max_steps": 4}
    trainer = make_trainer(tmp_path, train=stream, **settings)
    trainer.train()
    assert trainer.surgery_statistics.to_dict()["steps"] == 4


@pytest.mark.parametrize("optim", ["adamw_torch", "adamw_torch_fused", "adafactor", "sgd", "adagrad", "rmsprop"])
def test_any_optimizer_whose_step_uses_grad(tmp_path, optim):
    trainer = make_trainer(tmp_path, net=model(torch.float32), optim=optim, learning_rate=1e-3)
    before = weights(trainer.model)
    trainer.train()
    assert trainer.surgery_statistics.to_dict()["steps"] == 6
    assert any(not torch.equal(weight, before[name]) for name, weight in weights(trainer.model).items())


class BatchNormed(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.lookup = torch.nn.Embedding(32, 4)
        self.norm = torch.nn.BatchNorm1d(4)
        self.head = torch.nn.Linear(4, 3)

    def forward(self, input_ids, labels=None):
        logits = self.head(self.norm(self.lookup(input_ids).transpose(1, 2)).transpose(1, 2))
        return {"loss": torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten()), "logits": logits}


def test_oracle_pass_moves_no_buffer(tmp_path):
    """With a learning rate of 0, the running means must be those of a training without surgery."""
    nets = [BatchNormed(), BatchNormed()]
    for net, surgery in zip(nets, ("stochastic", "none"), strict=True):
        train(tmp_path, net=net, surgery=surgery, learning_rate=0.0)
    assert all(torch.equal(a, b) for a, b in zip(nets[0].buffers(), nets[1].buffers(), strict=True))


def test_training_step_works_outside_of_train(tmp_path):
    trainer = make_trainer(tmp_path)
    batch = trainer.data_collator([{k: v for k, v in row.items() if k != "language"} for row in MIXED[:4]])
    trainer.model.zero_grad()
    trainer.current_gradient_accumulation_steps = 1
    assert trainer.training_step(trainer.model, batch).isfinite()
    assert trainer.surgery_statistics.to_dict()["steps"] == 1


def test_gradients_keep_their_identity(tmp_path):
    class Watching(GradientMixTrainer):
        def _correct_(self, mixed, oracles):
            self.held = [id(g) for g in mixed]
            return super()._correct_(mixed, oracles)

    class Looking(TrainerCallback):
        def on_pre_optimizer_step(self, args, state, control, model, **kwargs):
            self.after = [id(p.grad) for p in model.parameters() if p.grad is not None]

    looking = Looking()
    trainer = make_trainer(
        tmp_path, cls=Watching, max_steps=1, max_grad_norm=1.0, trainer_kwargs={"callbacks": [looking]}
    )
    trainer.train()
    assert trainer.held == looking.after
