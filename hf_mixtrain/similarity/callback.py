"""The similarity of gradients while a model is trained."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from hf_mixtrain.errors import InputError
from hf_mixtrain.similarity.gradients import Batch, gradient_similarity
from hf_mixtrain.similarity.heatmap import write_similarity
from hf_mixtrain.similarity.matrix import Similarity


class SimilarityCallback(TrainerCallback):
    """Compare the gradients of all languages at the start and the end of a training, and every so many updates.

    It leaves no trace in the training: weights, gradients, buffers, random streams and logs are as without it. With
    several processes the first one does the work.

    Args:
        batches: Batches of each language, as `language_batches` makes them.
        folder: Where ``step-<step>.json`` and ``.png`` go. Default: ``similarity`` in the training's ``output_dir``.
        every: Updates between two comparisons; None: only at the start and the end.
        sketch_size: See `gradient_similarity`.

    Attributes:
        history: ``{step: similarity}`` of this training so far.

    Raises:
        InputError: If ``every`` is below 1.

    Example:
        >>> import tempfile
        >>> from datasets import Dataset
        >>> from transformers import BertConfig, BertForSequenceClassification, Trainer
        >>> model = BertForSequenceClassification(BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=1,
        ...     num_attention_heads=1, intermediate_size=8))
        >>> rows = Dataset.from_list([{"input_ids": [1, 2], "labels": 0}, {"input_ids": [3, 4], "labels": 1}])
        >>> shots = {language: [rows.with_format("torch")[:2]] for language in ("de", "sw")}
        >>> callback = SimilarityCallback(shots)
        >>> arguments = TrainingArguments(tempfile.mkdtemp(), max_steps=2, report_to=[], use_cpu=True,
        ...     disable_tqdm=True, save_strategy="no", dataloader_pin_memory=False)
        >>> _ = Trainer(model, arguments, train_dataset=rows, callbacks=[callback]).train()
        {...}
        >>> sorted(callback.history), round(callback.history[0].before[0, 1].item(), 6)
        ([0, 2], 1.0)
    """

    def __init__(
        self,
        batches: Mapping[str, Sequence[Batch]],
        folder: str | Path | None = None,
        *,
        every: int | None = None,
        sketch_size: int | None = None,
    ) -> None:
        if every is not None and every < 1:
            raise InputError(f"`every` must be 1 or more. Got {every}. Leave it out to compare at start and end only.")
        self._batches, self._folder, self._every, self._sketch_size = batches, folder, every, sketch_size
        self.history: dict[int, Similarity] = {}

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Compare before the first update."""
        self.history.clear()
        self._compare(args, state, kwargs["model"])

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Compare if it is time to."""
        if self._every and state.global_step % self._every == 0:
            self._compare(args, state, kwargs["model"])

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Compare after the last update."""
        self._compare(args, state, kwargs["model"])

    def _compare(self, args: TrainingArguments, state: TrainerState, model: nn.Module) -> None:
        if not state.is_world_process_zero or state.global_step in self.history:
            return
        found = gradient_similarity(model, self._batches, sketch_size=self._sketch_size)
        self.history[state.global_step] = found
        folder = Path(self._folder) if self._folder is not None else Path(args.output_dir or ".") / "similarity"
        title = f"update {state.global_step}"
        write_similarity(found, folder / f"step-{state.global_step:06d}", title=title, step=state.global_step)
