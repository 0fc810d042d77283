"""Gradient surgery inside `transformers.Trainer`, through its narrowest seams."""

import logging
import warnings
import weakref
from typing import TYPE_CHECKING, Any

import torch
from accelerate.utils import broadcast
from torch import Tensor, nn
from transformers import Trainer

from hf_mixtrain.compat import loss_scale_is_decided
from hf_mixtrain.surgery import combine_, gram_matrix, make_aggregator
from hf_mixtrain.trainer.arguments import GradientMixTrainingArguments
from hf_mixtrain.trainer.compatibility import refuse_setup, refuse_wrapper
from hf_mixtrain.trainer.loss_scale import count_items, ignores_num_items, share_of_update
from hf_mixtrain.trainer.oracle_data import OracleRows, group_by_language
from hf_mixtrain.trainer.oracle_pass import oracle_gradient
from hf_mixtrain.trainer.oracle_sampling import OracleDraw, draw_oracles
from hf_mixtrain.trainer.side_effects import isolated_pass
from hf_mixtrain.trainer.statistics import SurgeryStatistics, set_aside

logger = logging.getLogger(__name__)

if TYPE_CHECKING:
    _Base = Trainer
else:
    _Base = object


class GradientMixMixin(_Base):
    """Stochastic gradient surgery for `transformers.Trainer` and any subclass of it.

    Put it first: ``class MyTrainer(GradientMixMixin, Seq2SeqTrainer)``. Surgery is done at the end of
    ``training_step``, after the backward pass of the mixed batch and before clipping, when the arguments are
    `GradientMixTrainingArguments` and there are oracles; otherwise nothing differs from the class it is mixed into.

    Args:
        *args: Those of the Trainer, in its order.
        oracle_dataset: ``{language: data set of shots}``, a data set with the column ``args.language_column``, or
            None: then the target languages in ``train_dataset`` if it has that column.
        **kwargs: Those of the Trainer.

    Raises:
        InputError: If the oracles cannot be used, or surgery does not work with the setup (DeepSpeed, LOMO, …).
    """

    args: Any  # `GradientMixTrainingArguments` wherever there are oracles

    def __init__(self, *args: Any, oracle_dataset: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._oracles: dict[str, OracleRows] = {}
        self._micro_step = 0
        self._warned = False
        self._checked_model: weakref.ref[nn.Module] | None = None
        self._loss_is_mean_of_micro_batch = False
        if not isinstance(self.args, GradientMixTrainingArguments):
            if oracle_dataset is not None:
                logger.warning("`oracle_dataset` is not used: surgery needs `GradientMixTrainingArguments`.")
        elif self.args.surgery != "none":
            self._oracles = group_by_language(
                oracle_dataset,
                self.train_dataset,
                language_column=self.args.language_column,
                source_language=self.args.source_language,
                include_source=self.args.oracle_include_source,
            )
            if self._oracles:
                refuse_setup(self)

    @property
    def surgery_statistics(self) -> SurgeryStatistics:
        """Counts of the current or last training; they are part of ``trainer.state``."""
        return SurgeryStatistics(self.state)

    def training_step(
        self, model: nn.Module, inputs: dict[str, Any], num_items_in_batch: Tensor | int | None = None
    ) -> Tensor:
        """Do the Trainer's step; then, where ``surgery_scope`` says so, correct the gradient in ``.grad``."""
        if isinstance(self.args, GradientMixTrainingArguments):
            self._check_loss_scale(model, inputs, num_items_in_batch)
        loss = super().training_step(model, inputs, num_items_in_batch)
        # `sync_gradients`: the last micro-batch of an update, on the gradient that all processes have reduced.
        if self._oracles and (self.args.surgery_scope == "micro_batch" or self.accelerator.sync_gradients):
            self._operate(model)
        self._micro_step += 1
        return loss

    def get_batch_samples(self, *args: Any, **kwargs: Any) -> Any:
        """Fetch the micro-batches of the next update."""
        self._micro_step = 0
        return super().get_batch_samples(*args, **kwargs)

    def compute_loss(self, model: nn.Module, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Compute the loss; of a model that returns a micro-batch's mean, its share of the whole update's."""
        num_items = kwargs.get("num_items_in_batch", args[1] if len(args) > 1 else None)
        if not self._loss_is_mean_of_micro_batch or num_items is None or "labels" not in inputs:
            return super().compute_loss(model, inputs, *args, **kwargs)
        # Before `super()`, which may take the labels out of the batch.
        items = count_items(inputs, shifted=getattr(self, "_loss_shifts_labels", False))
        result = super().compute_loss(model, inputs, *args, **kwargs)
        loss = result[0] if isinstance(result, tuple) else result
        share = share_of_update(loss, items, num_items, n_gpu=self.args.n_gpu)
        return (share, *result[1:]) if isinstance(result, tuple) else share

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        """Log, with what surgery did: since the last entry, and per language in the entry that ends a training."""
        if self._oracles and "loss" in logs:
            logs.update(self.surgery_statistics.since_last_log())
        elif self._oracles and "train_runtime" in logs:
            logs.update(self.surgery_statistics.of_training())
        super().log(logs, *args, **kwargs)

    def _load_callback_state(self) -> None:
        # Our counts are no callback's: Trainer would say that it ignores them (transformers 5.23).
        with set_aside(self.state):
            super()._load_callback_state()

    def _check_loss_scale(self, model: nn.Module, inputs: dict[str, Any], num_items: Tensor | int | None) -> None:
        """Find out, once per model, whether its loss is the mean of the micro-batch whatever Trainer hands to it."""
        if self._checked_model is not None and self._checked_model() is model:
            return
        self._checked_model, self._loss_is_mean_of_micro_batch = weakref.ref(model), False
        one_micro_batch = self.args.gradient_accumulation_steps * self.args.world_size <= 1
        decided = loss_scale_is_decided(self) or not self.model_accepts_loss_kwargs
        if num_items is None or decided or one_micro_batch:
            return
        losses = []
        for factor in (1, 2):
            with isolated_pass(model, self, seed="loss scale"), torch.no_grad(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # reentrant checkpointing misses a gradient here
                model.train()
                batch = self._prepare_inputs(dict(inputs))
                with self.compute_loss_context_manager():
                    losses.append(self.compute_loss(model, batch, num_items_in_batch=num_items * factor))
        self._loss_is_mean_of_micro_batch = ignores_num_items(*losses)

    def _operate(self, model: nn.Module) -> None:
        """Draw oracles and let them correct the gradient in ``.grad``."""
        micro_step = self._micro_step if self.args.surgery_scope == "micro_batch" else 0
        draws = self._draw(micro_step)
        if not draws:
            return
        refuse_wrapper(model)
        parents_step = super().training_step  # ours would operate on the oracle's gradient
        parameters = [p for p in model.parameters() if p.requires_grad]
        held = [p.grad for p in parameters]
        seed = f"{self._seed}:{self.state.global_step}:{micro_step}:{self.args.process_index}"
        try:
            with isolated_pass(model, self, seed=seed):
                oracles = [
                    oracle_gradient(self, parents_step, model, parameters, self._oracles[draw.language], draw.rows)
                    for draw in draws
                ]
                # A parameter without mixed gradient keeps none: the oracle's part there could not be projected.
                kept = [i for i, grad in enumerate(held) if grad is not None]
                mixed = [grad for grad in held if grad is not None]
                cosines = self._correct_(mixed, [[oracle[i] for i in kept] for oracle in oracles])
        finally:
            # The very tensors: `.grad` must not change its identity, layout or pattern of None.
            for p, grad in zip(parameters, held, strict=True):
                p.grad = grad
        self.surgery_statistics.record(zip([draw.language for draw in draws], cosines, strict=True))

    @property
    def _seed(self) -> int:
        return self.args.seed if self.args.data_seed is None else self.args.data_seed

    def _draw(self, micro_step: int) -> list[OracleDraw]:
        args = self.args
        rows_of_update = self._train_batch_size * args.gradient_accumulation_steps * args.world_size
        sizes = {language: len(group) for language, group in self._oracles.items()}
        shots = max((size for language, size in sizes.items() if language != args.source_language), default=1)
        batch_sizes = {}
        for language, size in sizes.items():
            # The source has thousands of rows: a batch of it is as large as one of shots.
            rows = args.oracle_batch_size or (shots if language == args.source_language else size)
            uncut = args.paper_exact and language != args.source_language
            batch_sizes[language] = rows if uncut else min(rows, rows_of_update)
        return draw_oracles(
            sizes,
            seed=self._seed,
            step=self.state.global_step,
            micro_step=micro_step,
            languages_per_step=args.oracle_languages_per_step,
            batch_sizes=batch_sizes,
            probability=args.surgery_probability,
            fixed_batches=args.paper_exact,
        )

    def _correct_(self, mixed: list[Tensor], oracles: list[list[Tensor | None]]) -> list[float | None]:
        """Combine in place; return each oracle's cosine with ``mixed``, None where it was of no use."""
        gram = gram_matrix([mixed, *oracles])
        if self.args.world_size > 1 and self.accelerator.sync_gradients:
            # The gradients are equal on all ranks; so must be what is made of them, to the last bit.
            gram = broadcast(gram.to(self.args.device)).cpu()
        norms = gram.diagonal().sqrt()
        usable = [i for i in range(1, len(gram)) if norms[i].isfinite() and norms[i] > 0]
        if len(usable) < len(oracles):
            self._warn_once()
        if not norms[0].isfinite() or norms[0] == 0:
            usable = []  # nothing to correct, or a NaN that is the Trainer's to deal with
        if usable:
            chosen = [0, *usable]
            combine_(mixed, [oracles[i - 1] for i in usable], self._weigh(gram[chosen][:, chosen]).tolist())
        cosines = gram[0] / (norms[0] * norms)
        return [float(cosines[i]) if i in usable else None for i in range(1, len(gram))]

    def _weigh(self, gram: Tensor) -> Tensor:
        aggregator, statistics = make_aggregator(self.args.surgery, oracles=len(gram) - 1), self.surgery_statistics
        aggregator.load_state(statistics.aggregator_state)
        # PCGrad and GradVac draw an order: the same on all ranks. The stream is the isolated pass's own.
        torch.manual_seed(self.state.global_step)
        weights = aggregator(gram)
        statistics.aggregator_state = aggregator.state()
        return weights

    def _warn_once(self) -> None:
        if not self._warned:
            self._warned = True
            logger.warning(
                "The gradient of an oracle was zero or not finite at step %d: the step goes on without it. "
                "Further cases are counted as `surgery/skipped`.",
                self.state.global_step,
            )
