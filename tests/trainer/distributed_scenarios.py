"""What is trained by one process and by two, with the same global batches."""

import torch
from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin

from hf_mixtrain import GradientMixTrainer
from hf_mixtrain.trainer.compatibility import refuse_setup
from tests.trainer.tiny import MIXED, SHOTS, make_trainer, model


class OwnLoss(GradientMixTrainer):
    """The mean over a micro-batch, whatever it is told."""

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        labels = inputs.pop("labels")
        outputs = model(**inputs)
        loss = torch.nn.functional.cross_entropy(outputs.logits.flatten(0, 1), labels.flatten())
        return (loss, outputs) if return_outputs else loss


SCENARIOS = {
    "ddp": {},
    "ddp with accumulation": {"gradient_accumulation_steps": 3, "batch": 4},
    "ddp with dropout": {"net": {"hidden_dropout_prob": 0.1}},
    "ddp with cut oracles": {"oracles": {"de": SHOTS["de"]}, "batch": 2, "gradient_accumulation_steps": 4},
    "ddp with one shot": {"oracles": {"de": SHOTS["de"][:1], "sw": SHOTS["sw"][:1]}},
    "ddp per micro-batch": {"surgery_scope": "micro_batch", "gradient_accumulation_steps": 2},
    "ddp with pcgrad": {"surgery": "pcgrad", "oracle_languages_per_step": 2},
    "ddp with a loss of its own": {"gradient_accumulation_steps": 2, "batch": 4, "own_loss": True},
    "ddp with split batches": {"accelerator_config": {"split_batches": True}},
    "fsdp2": {},
    "fsdp2 with accumulation": {"gradient_accumulation_steps": 3, "batch": 4},
    "ddp saved": {"save_strategy": "steps", "save_steps": 2, "max_steps": 4},
}


def shard(trainer):
    """Train under FSDP2: accelerate 1.15 offers it on GPUs alone, though it works on CPUs."""
    trainer.accelerator.state.distributed_type = DistributedType.FSDP
    trainer.accelerator.state.fsdp_plugin = FullyShardedDataParallelPlugin(
        fsdp_version=2, transformer_cls_names_to_wrap=["BertLayer"], auto_wrap_policy="transformer_based_wrap"
    )
    trainer.is_fsdp_enabled = True
    refuse_setup(trainer)


def make(folder, name, *, processes):
    """Build the trainer of a scenario for this many processes; ``batch`` is that of all of them together."""
    settings = {"train": MIXED[:24], "logging_steps": 1, **SCENARIOS[name]}
    settings.pop("resume", None)
    batch, net = settings.pop("batch", 8), settings.pop("net", {})
    split = "accelerator_config" in settings and settings["accelerator_config"].get("split_batches")
    settings["per_device_train_batch_size"] = batch if split else batch // processes
    if settings.pop("own_loss", False):
        # As many labels in every row: a mean of means is the mean.
        turns = {"en": 0, "de": 1, "sw": 2}
        settings["train"] = [
            {**row, "labels": [(i + turns[row["language"]]) % 3 for i in row["input_ids"]]} for row in MIXED[:24]
        ]
        settings |= {"cls": OwnLoss, "oracles": None}
    trainer = make_trainer(folder, net=model(**net), **settings)
    if processes > 1 and name.startswith("fsdp2"):
        shard(trainer)
    return trainer
