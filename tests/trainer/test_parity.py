"""With the projection replaced by nothing, weights, logs and random states are Trainer's, whatever else is in use."""

import random

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader
from transformers import Trainer

from hf_mixtrain import GradientMixTrainer
from hf_mixtrain.compat import training_arguments
from hf_mixtrain.surgery import Surgery
from hf_mixtrain.trainer import mixin
from tests.trainer.tiny import CHECKPOINTING, LABELS, MIXED, SHOTS, arguments, model, weights

DROPOUT = {"hidden_dropout_prob": 0.3}


class RandomRows(torch.utils.data.Dataset):
    """Draws from a generator of its own and from a global one."""

    def __init__(self):
        self.rng, self.asked = np.random.default_rng(0), 0

    def __len__(self):
        return len(MIXED)

    def __getitem__(self, number):
        self.asked += 1
        row = dict(MIXED[number % len(MIXED)])
        row["input_ids"] = [
            int(i) if random.random() < 0.8 else int(self.rng.integers(1, 31)) for i in row["input_ids"]
        ]
        return row


class RandomCollator:
    """Drops tokens by numbers of every kind, and counts."""

    def __init__(self):
        self.own, self.calls = torch.Generator().manual_seed(3), 0

    def __call__(self, examples):
        self.calls += 1
        ids = torch.tensor([example["input_ids"] for example in examples])
        keep = (torch.rand(ids.shape, generator=self.own) < 0.7) & (torch.rand(ids.shape) < 0.9)
        labels = torch.tensor([example["labels"] for example in examples])
        return {"input_ids": ids * keep, "labels": labels.where(torch.tensor(self.calls % 3 > 0), labels % LABELS)}


class OwnLoader:
    def get_train_dataloader(self):
        def collate(examples):
            return {key: torch.tensor([row[key] for row in examples]) for key in ("input_ids", "labels")}

        return DataLoader(self.train_dataset, batch_size=8, shuffle=True, collate_fn=collate)


class Counting:
    """Keeps numbers in `compute_loss` and logs them."""

    def compute_loss(self, model, inputs, *args, **kwargs):
        self.seen = getattr(self, "seen", 0) + len(inputs["input_ids"])
        self.lengths = [*getattr(self, "lengths", []), inputs["input_ids"].shape[1]]
        return super().compute_loss(model, inputs, *args, **kwargs)

    def log(self, logs, *args, **kwargs):
        super().log(logs | {"seen": self.seen, "batches": len(self.lengths)}, *args, **kwargs)


class OwnLoss:
    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        labels = inputs.pop("labels")
        logits = model(**inputs).logits
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())


class Nothing:
    pass


def hooked(net):
    for parameter in net.parameters():
        parameter.register_hook(lambda grad: grad * 0.5)
    return net


COMPOSITIONS = {
    "dropout": {},
    "activation checkpointing": {CHECKPOINTING: True},
    "adam with clipping": {"optim": "adamw_torch", "max_grad_norm": 0.1},
    "random data set": {"train": RandomRows},
    "random collator": {"collator": RandomCollator},
    "own loader": {"mix": OwnLoader},
    "own counters": {"mix": Counting},
    "own loss": {"mix": OwnLoss},
    "gradient hooks": {"net": lambda: hooked(model(**DROPOUT))},
    "label smoothing": {"label_smoothing_factor": 0.1},
    "evaluation in between": {"eval_strategy": "steps", "eval_steps": 2},
    "two workers": {"dataloader_num_workers": 2},
    "grouped by length": {"train_sampling_strategy": "group_by_length", "data_seed": 7},
    "several oracles, each micro-batch": {"ours": {"oracle_languages_per_step": 2, "surgery_scope": "micro_batch"}},
}


def run(folder, stock, settings):
    settings = dict(settings)
    mix, ours = settings.pop("mix", Nothing), settings.pop("ours", {})
    train, collator = settings.pop("train", lambda: MIXED)(), settings.pop("collator", lambda: None)()
    torch.manual_seed(0)
    net = settings.pop("net", lambda: model(**DROPOUT))()

    class Class(mix, Trainer if stock else GradientMixTrainer):
        pass

    settings |= {"max_steps": 5, "logging_steps": 1}
    args = arguments(folder, cls=training_arguments(), **settings) if stock else arguments(folder, **settings, **ours)
    kwargs = {} if stock else {"oracle_dataset": SHOTS}
    trainer = Class(net, args, collator, train, MIXED[:6], **kwargs)
    trainer.train()
    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    timed = ("runtime", "per_second", "flos")
    log = [
        {key: value for key, value in entry.items() if not key.startswith("surgery/") and not key.endswith(timed)}
        for entry in trainer.state.log_history
    ]
    kept = [vars(part) for part in (train, collator) if hasattr(part, "__dict__")]
    counts = [{key: value for key, value in own.items() if isinstance(value, int)} for own in kept]
    return weights(trainer.model), states, log, counts, trainer


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_weights_logs_and_random_states_are_trainers(tmp_path, monkeypatch, name):
    done = []

    def nothing(mixed, oracle, **kwargs):
        done.append(sum(float(o.to_dense().norm()) for o in oracle if o is not None))
        return Surgery(0.5, projected=False)

    monkeypatch.setattr(mixin, "project_conflict_", nothing)
    monkeypatch.setattr(mixin, "aggregate_", lambda mixed, oracles, weigh, **_: [nothing(mixed, o) for o in oracles])
    expected = run(tmp_path, True, COMPOSITIONS[name])
    found = run(tmp_path, False, COMPOSITIONS[name])
    assert len(done) >= 5
    assert all(norm > 0 for norm in done)
    assert all(torch.equal(weight, found[0][key]) for key, weight in expected[0].items())
    assert found[1:4] == expected[1:4]
