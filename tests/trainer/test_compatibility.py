"""What surgery cannot be done under is refused at the start, with the reason and the way out."""

import pytest
import torch
from accelerate.utils import DistributedType
from transformers.trainer_pt_utils import LayerWiseDummyOptimizer

from hf_mixtrain.errors import InputError
from hf_mixtrain.trainer.compatibility import refuse_setup, refuse_wrapper
from tests.trainer.tiny import make_trainer


@pytest.mark.parametrize("optim", ["lomo", "adalomo", "galore_adamw_layerwise", "apollo_adamw_layerwise"])
def test_optimizers_that_step_inside_backward(tmp_path, optim):
    with pytest.raises(InputError, match=rf"{optim}.*inside the backward.*adamw_torch.*surgery='none'"):
        make_trainer(tmp_path, optim=optim, optim_target_modules=["attn"]).train()


def test_a_layerwise_optimizer_that_is_passed_in(tmp_path):
    optimizer = LayerWiseDummyOptimizer(optimizer_dict={})
    schedule = torch.optim.lr_scheduler.LambdaLR(torch.optim.SGD([torch.zeros(1)], lr=1.0), lambda step: 1.0)
    with pytest.raises(InputError, match=r"inside the backward"):
        make_trainer(tmp_path, trainer_kwargs={"optimizers": (optimizer, schedule)}).train()


@pytest.mark.parametrize("engine", [DistributedType.DEEPSPEED, DistributedType.MEGATRON_LM])
def test_engines_that_step_inside_backward(tmp_path, engine):
    """The engines are not installed here: the trainer is told that it runs under one."""
    trainer = make_trainer(tmp_path)
    trainer.accelerator.state.distributed_type = engine
    try:
        with pytest.raises(InputError, match=rf"{engine.value}.*optimizer step inside the backward.*DDP or FSDP2"):
            refuse_setup(trainer)
    finally:
        trainer.accelerator.state.distributed_type = DistributedType.NO


def test_gradients_that_are_views_of_buckets():
    wrapped = torch.nn.Linear(1, 1)
    wrapped.gradient_as_bucket_view = True
    with pytest.raises(InputError, match=r"gradient_as_bucket_view=True.*overwrite.*False"):
        refuse_wrapper(wrapped)


def test_nothing_is_refused_with_surgery_off(tmp_path):
    make_trainer(tmp_path, optim="lomo", surgery="none")
