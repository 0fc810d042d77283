"""What surgery cannot be done under is refused at the start, with the reason and the way out."""

import pytest
import torch
from accelerate.utils import DistributedType
from transformers.trainer_pt_utils import LayerWiseDummyOptimizer

from hf_mixtrain.errors import InputError
from hf_mixtrain.trainer.compatibility import refuse_setup, refuse_wrapper
from tests.trainer.tiny import make_trainer, model, train, weights


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


def with_steps_in_backward(net, *, through_data=False, everything_at_once=False):
    """PyTorch's recipe: an optimizer for each parameter, stepped by a hook when its gradient is there."""
    optimizers = {p: torch.optim.SGD([p], lr=1e-2) for p in net.parameters()}

    def step(parameter):
        if everything_at_once:
            for p in net.parameters():
                p.data.add_(torch.ones_like(p), alpha=1e-3)
        elif through_data:
            parameter.data.sub_(parameter.grad, alpha=1e-2)
        else:
            optimizers[parameter].step()
        parameter.grad = None

    for parameter in list(net.parameters())[-1:] if everything_at_once else net.parameters():
        parameter.register_post_accumulate_grad_hook(step)
    return net


@pytest.mark.parametrize("how", [{}, {"through_data": True}, {"everything_at_once": True}])
def test_optimizers_in_hooks_are_refused_by_what_they_do(tmp_path, how):
    trainer = make_trainer(tmp_path, net=with_steps_in_backward(model(), **how))
    with pytest.raises(InputError, match=r"steps inside the backward pass.*hook.*surgery='none'"):
        trainer.train()
    assert trainer.state.global_step == 0


def test_optimizers_in_hooks_train_with_surgery_off(tmp_path):
    make_trainer(tmp_path, net=with_steps_in_backward(model()), surgery="none").train()


@pytest.mark.parametrize("kind", ["register_post_accumulate_grad_hook", "register_hook"])
def test_hooks_that_only_look_are_no_reason_to_refuse(tmp_path, kind):
    net, seen = model(), []
    for parameter in net.parameters():
        getattr(parameter, kind)(lambda tensor: seen.append(tensor.is_sparse))
    expected = train(tmp_path)
    trainer = make_trainer(tmp_path, net=net)
    trainer.train()
    torch.testing.assert_close(weights(net), expected, rtol=0, atol=0)
    assert seen
    assert not any(seen)


def test_weights_that_the_forward_pass_changes_are_no_reason_to_refuse(tmp_path):
    net = model()
    net.bert.embeddings.word_embeddings.max_norm = 1.0
    make_trainer(tmp_path, net=net).train()


def test_split_batches_count_the_rows_of_all_processes_once(tmp_path):
    trainer = make_trainer(tmp_path, accelerator_config={"split_batches": True}, max_steps=1)
    trainer.train()
    assert trainer._rows_of_micro_batch == 8
