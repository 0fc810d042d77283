"""Gradient surgery inside `transformers.Trainer`, through its narrowest seams."""

import inspect
import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import torch
from accelerate.utils import broadcast
from torch import Tensor, nn
from torch.utils.data import DataLoader
from transformers import Trainer

from hf_mixtrain.surgery import SkippedSurgery, Surgery, aggregate_, make_aggregator, project_conflict_
from hf_mixtrain.trainer.arguments import GradientMixTrainingArguments
from hf_mixtrain.trainer.compatibility import (
    refuse_setup,
    refuse_steps_in_backward,
    refuse_wrapper,
    wrap_after_evaluation,
)
from hf_mixtrain.trainer.data_path import PreparedRows, rows_of_micro_batch, takes_every_column
from hf_mixtrain.trainer.loss_scale import LossScale
from hf_mixtrain.trainer.oracle_pass import may_be_sparse, oracle_gradient
from hf_mixtrain.trainer.oracle_sampling import OracleDraw, draw_oracles
from hf_mixtrain.trainer.oracle_search import find_oracles, source_of, without_languages
from hf_mixtrain.trainer.side_effects import isolated_pass, own_random_numbers
from hf_mixtrain.trainer.sparse_embeddings import large_tables
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
    The oracles are looked for, and what surgery cannot work with is refused, when ``train()`` starts: arguments and
    data sets may be changed until then.

    Args:
        *args: Those of the Trainer, in its order.
        oracle_dataset: ``{language: data set of shots}``, a data set with the column ``args.language_column``, or
            None: then the target languages in ``train_dataset`` if it has that column. Rows are like those that the
            class takes as ``train_dataset``.
        **kwargs: Those of the Trainer.

    Attributes:
        oracle_dataset: As given; a new one counts from the next ``train()`` on.

    Raises:
        InputError: From ``train()``, if the oracles cannot be used, or surgery does not work with the setup
            (DeepSpeed, LOMO, …).

    Example:
        >>> from hf_mixtrain import GradientMixMixin
        >>> from transformers import Seq2SeqTrainer
        >>> class MixedSeq2SeqTrainer(GradientMixMixin, Seq2SeqTrainer):
        ...     pass
        >>> issubclass(MixedSeq2SeqTrainer, Seq2SeqTrainer)
        True
    """

    args: Any  # `GradientMixTrainingArguments` wherever there are oracles

    def __init__(self, *args: Any, oracle_dataset: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.oracle_dataset = oracle_dataset
        given = inspect.signature(super().__init__).bind_partial(*args, **kwargs).arguments.get("train_dataset")
        # TRL's trainers may drop the language column when they pack rows: then it is read from the rows as given.
        self._given_and_kept = (given, self.train_dataset)
        self._oracles: dict[str, PreparedRows] | None = None  # not looked for yet
        self._rows_of_micro_batch = 0
        self._micro_step = 0
        self._said: set[str] = set()
        self._loss_scale = LossScale()
        self._backward_watched = False
        if oracle_dataset is not None and not isinstance(self.args, GradientMixTrainingArguments):
            self._warn_once("`oracle_dataset` is not used: surgery needs `GradientMixTrainingArguments`.")

    @property
    def surgery_statistics(self) -> SurgeryStatistics:
        """Counts of the current or last training; they are part of ``trainer.state``."""
        return SurgeryStatistics(self.state)

    def get_train_dataloader(self) -> DataLoader:
        """Return the loader of the class; it does not see a column of languages that it would take for texts."""
        if not self._surgery_is_on or not takes_every_column(self):
            return super().get_train_dataloader()
        train_dataset = self.train_dataset
        self.train_dataset = without_languages(train_dataset, self.args.language_column)
        try:
            return super().get_train_dataloader()
        finally:
            self.train_dataset = train_dataset

    def set_initial_training_values(self, args: Any, dataloader: Any, *others: Any, **kwargs: Any) -> Any:
        """Find the oracles, once the training's loader is there and before anything is trained."""
        self._get_ready(dataloader)
        return super().set_initial_training_values(args, dataloader, *others, **kwargs)

    def training_step(
        self, model: nn.Module, inputs: dict[str, Any], num_items_in_batch: Tensor | int | None = None
    ) -> Tensor:
        """Do the Trainer's step; then, where ``surgery_scope`` says so, correct the gradient in ``.grad``."""
        if not isinstance(self.args, GradientMixTrainingArguments):
            return super().training_step(model, inputs, num_items_in_batch)
        oracles = self._found_oracles
        with self._loss_scale.within_step(self):
            with self._watched_backward(model):
                loss = super().training_step(model, inputs, num_items_in_batch)
            # `sync_gradients`: the last micro-batch of an update, on the gradient that all processes have reduced.
            if oracles and (self.args.surgery_scope == "micro_batch" or self.accelerator.sync_gradients):
                self._operate(model)
        self._micro_step += 1
        return loss

    def get_batch_samples(self, *args: Any, **kwargs: Any) -> Any:
        """Fetch the micro-batches of the next update."""
        self._micro_step = 0
        return super().get_batch_samples(*args, **kwargs)

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        """Log, with what surgery did: since the last entry, and per language in the entry that ends a training."""
        if self._oracles and "loss" in logs:
            logs.update(self.surgery_statistics.since_last_log())
        elif self._oracles and "train_runtime" in logs:
            logs.update(self.surgery_statistics.of_training())
        super().log(logs, *args, **kwargs)

    def _load_callback_state(self) -> None:
        # The counts belong to no callback, so Trainer would warn that it ignores them (transformers 5.23).
        with set_aside(self.state):
            super()._load_callback_state()

    @property
    def _surgery_is_on(self) -> bool:
        return isinstance(self.args, GradientMixTrainingArguments) and self.args.surgery != "none"

    def _get_ready(self, loader: Any) -> None:
        """Look at arguments and data as they are now."""
        self._loss_scale.forget()
        self._backward_watched = False
        self._oracles = {}
        if self._surgery_is_on:
            self.args.check_surgery()
        self._oracles, reason = find_oracles(self, loader, *self._given_and_kept)
        if reason:
            self._warn_once(reason)
        if self._oracles:
            refuse_setup(self)
            wrap_after_evaluation(self)
            self._rows_of_micro_batch = rows_of_micro_batch(self, loader)

    @property
    def _found_oracles(self) -> dict[str, PreparedRows]:
        if self._oracles is None:  # in a loop of the user's own, without `train()`
            self._get_ready(None)
        return self._oracles or {}

    def _watched_backward(self, model: nn.Module) -> AbstractContextManager[None]:
        if not self._oracles:
            return nullcontext()
        parameters = _trainable(model.modules(), self.optimizer)
        hooked = any(p._post_accumulate_grad_hooks for p in parameters)
        if self._backward_watched and not hooked:
            return nullcontext()
        self._backward_watched = True
        return refuse_steps_in_backward(self, parameters)

    def _operate(self, model: nn.Module) -> None:
        """Draw oracles and let them correct the gradient in ``.grad``."""
        micro_step = self._micro_step if self.args.surgery_scope == "micro_batch" else 0
        draws = self._draw(micro_step)
        if not draws:
            return
        refuse_wrapper(model)
        parents_step = super().training_step  # ours would operate on the oracle's gradient
        modules = list(model.modules())
        parameters = _trainable(modules, self.optimizer)
        held = [p.grad for p in parameters]
        tables = large_tables(modules) if may_be_sparse(self, modules) else []
        groups = [self._found_oracles[draw.language] for draw in draws]
        others = [self.data_collator, *(part for group in groups for part in (group.collate, group.rows.dataset))]
        seed = f"{self._seed}:{self.state.global_step}:{micro_step}:{self.args.process_index}"
        try:
            with isolated_pass(model, self, seed=seed, modules=modules, others=others):
                oracles = [
                    oracle_gradient(self, parents_step, model, parameters, group, draw.rows,
                                    largest=self._rows_of_micro_batch, tables=tables)
                    for group, draw in zip(groups, draws, strict=True)
                ]  # fmt: skip
            # A parameter without mixed gradient keeps none: the oracle's part there could not be projected.
            kept = [i for i, grad in enumerate(held) if grad is not None]
            mixed = [grad for grad in held if grad is not None]
            surgeries = self._correct_(mixed, [[oracle[i] for i in kept] for oracle in oracles])
        finally:
            # The same tensor objects: `.grad` must keep its identity, its layout and which parameters have None.
            for p, grad in zip(parameters, held, strict=True):
                p.grad = grad
        self._record([draw.language for draw in draws], surgeries)

    @property
    def _seed(self) -> int:
        return self.args.seed if self.args.data_seed is None else self.args.data_seed

    def _draw(self, micro_step: int) -> list[OracleDraw]:
        args, source = self.args, source_of(self)
        sizes = {language: len(group) for language, group in self._found_oracles.items()}
        rows_of_update = self._rows_of_micro_batch * args.gradient_accumulation_steps * args.world_size
        shots = max((size for language, size in sizes.items() if language != source), default=1)
        batch_sizes = {}
        for language, size in sizes.items():
            # The source has thousands of rows: a batch of it is as large as one of shots.
            rows = args.oracle_batch_size or (shots if language == source else size)
            uncut = args.paper_exact and language != source
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

    def _correct_(self, mixed: list[Tensor], oracles: list[list[Tensor | None]]) -> list[Surgery]:
        """Combine in place; return what was done with each oracle."""
        agree: Callable[[Tensor], Tensor] | None = None
        if self.args.world_size > 1 and self.accelerator.sync_gradients:
            # The gradients are equal on all ranks; so must be what is made of them, to the last bit.
            agree = broadcast
        if self.args.surgery == "stochastic" and len(oracles) == 1:
            return [project_conflict_(mixed, oracles[0], agree=agree)]
        return aggregate_(mixed, oracles, self._weigh, agree=agree)

    def _weigh(self, gram: Tensor) -> Tensor:
        aggregator, statistics = make_aggregator(self.args.surgery, oracles=len(gram) - 1), self.surgery_statistics
        aggregator.load_state(statistics.aggregator_state)
        # PCGrad and GradVac draw an order: the same on all ranks.
        with own_random_numbers("aggregator"):
            torch.default_generator.manual_seed(self.state.global_step)
            weights = aggregator(gram)
        statistics.aggregator_state = aggregator.state()
        return weights

    def _record(self, languages: list[str], surgeries: list[Surgery]) -> None:
        cosines = [None if isinstance(surgery, SkippedSurgery) else surgery.cosine for surgery in surgeries]
        self.surgery_statistics.record(zip(languages, cosines, strict=True))
        useless = [s for s in surgeries if isinstance(s, SkippedSurgery) and s.oracle_is_useless]
        if useless and "useless" not in self._said:
            self._said.add("useless")
            logger.warning(
                "The gradient of an oracle was zero or not finite at step %d: the step goes on without it. "
                "Further cases are counted as `surgery/skipped`.",
                self.state.global_step,
            )

    def _warn_once(self, message: str) -> None:
        if message not in self._said and self.is_world_process_zero():
            logger.warning("%s", message)
        self._said.add(message)


def _trainable(modules: Iterable[nn.Module], optimizer: Any) -> list[nn.Parameter]:
    """All parameters that are trained: the model's in its own order, then those that the optimizer has besides."""
    groups = getattr(optimizer, "param_groups", None) or ()
    found = {id(p): p for module in modules for p in module._parameters.values() if p is not None}
    found |= {id(p): p for group in groups for p in group["params"] if id(p) not in found}
    return [p for p in found.values() if p.requires_grad]
