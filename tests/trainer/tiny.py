"""A tiny token classifier, its data, and a training of a few steps: exact enough to compare weights."""

import torch
from transformers import BertConfig, BertForTokenClassification, Trainer, TrainingArguments, set_seed

from hf_mixtrain import GradientMixTrainer, GradientMixTrainingArguments

LABELS = 3

FLAGS = TrainingArguments.__dataclass_fields__
# Its name before and in newer versions of transformers, the second of which says that the first is deprecated.
CHECKPOINTING = "activation_checkpointing" if "activation_checkpointing" in FLAGS else "gradient_checkpointing"


def config(**changes):
    small = {
        "vocab_size": 32,
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "max_position_embeddings": 16,
        "num_labels": LABELS,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
    }
    return BertConfig(**small | changes)


def model(dtype=torch.float64, **changes):
    """A token classifier in double precision: differences come from mistakes, not from rounding."""
    set_seed(0)
    return BertForTokenClassification(config(**changes)).to(dtype)


def rows(language, count, *, seed=0, length=6):
    """Rows of unequal numbers of labelled tokens; the same token has another label in each language."""
    generator = torch.Generator().manual_seed(seed)
    turn = ["en", "de", "sw"].index(language)
    examples = []
    for number in range(count):
        ids = torch.randint(1, 32, (length,), generator=generator)
        labels = (ids + turn) % LABELS
        labels[: number % (length - 2)] = -100
        examples.append({"input_ids": ids.tolist(), "labels": labels.tolist(), "language": language})
    return examples


SOURCE = rows("en", 18)
# The first rows are those of the source with other labels: their gradients oppose the source's.
SHOTS = {"de": rows("de", 4), "sw": rows("sw", 4)}
MIXED = SOURCE + SHOTS["de"] + SHOTS["sw"]


def arguments(folder, cls=GradientMixTrainingArguments, **changes):
    settings = {
        "output_dir": str(folder),
        "max_steps": 6,
        "per_device_train_batch_size": 8,
        "learning_rate": 1e-2,
        "lr_scheduler_type": "constant",
        "optim": "sgd",
        "max_grad_norm": 0.0,
        "report_to": "none",
        "use_cpu": True,
        "save_strategy": "no",
        "logging_steps": 2,
        "disable_tqdm": True,
        "seed": 1,
    }
    return cls(**settings | changes)


def make_trainer(folder, *, stock=False, oracles=SHOTS, train=None, net=None, trainer_kwargs=None, cls=None, **changes):
    """Our trainer on the tiny task, or `transformers.Trainer` with the same settings."""
    args = arguments(folder, cls=TrainingArguments if stock else GradientMixTrainingArguments, **changes)
    kwargs = {} if stock else {"oracle_dataset": oracles}
    trainer_class = cls or (Trainer if stock else GradientMixTrainer)
    return trainer_class(
        model() if net is None else net,
        args,
        train_dataset=MIXED if train is None else train,
        **kwargs,
        **(trainer_kwargs or {}),
    )


def weights(net):
    return {name: parameter.detach().clone() for name, parameter in net.named_parameters()}


def train(folder, **settings):
    """Train a few steps and return the weights."""
    trainer = make_trainer(folder, **settings)
    trainer.train()
    return weights(trainer.model)
