"""A trained model from a folder or the Hub, ready to be evaluated."""

import logging
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

import transformers
from transformers import AutoConfig, PreTrainedTokenizerBase, Trainer, TrainingArguments

from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.task import ProblemType, Task
from hf_mixtrain.errors import InputError
from hf_mixtrain.evaluation.decoding import has_spans
from hf_mixtrain.hub import check_model, load_tokenizer, local_folder
from hf_mixtrain.hub import load_model as load_safely
from hf_mixtrain.prediction.reading import Reading, read_reading

logger = logging.getLogger(__name__)

# Longest input of models that do not say how they were trained.
_MAX_LENGTH = {"token-classification": 128, "text-classification": 512, "question-answering": 384}


@dataclass(frozen=True)
class LoadedModel:
    """A model with all that is needed to make its inputs and read its outputs.

    Attributes:
        name: Folder or repository.
        trainer: Around the model, on the accelerator if there is one.
        tokenizer: Its tokenizer.
        reading: How it is to be read.
        labels: Names of its outputs; empty for questions.

    Example:
        >>> import tempfile
        >>> from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast
        >>> from tokenizers import Tokenizer, models, pre_tokenizers
        >>> words = {"[UNK]": 0, "[PAD]": 1, "Ann": 2, "lives": 3, "in": 4, "York": 5}
        >>> backend = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
        >>> backend.pre_tokenizer = pre_tokenizers.Whitespace()
        >>> tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]", pad_token="[PAD]")
        >>> from hf_mixtrain.data import load_task
        >>> task = load_task("panx")
        >>> size = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
        >>> config = BertConfig(vocab_size=6, **size, id2label=dict(enumerate(task.labels)))
        >>> model = BertForTokenClassification(config)
        >>> folder = tempfile.mkdtemp()
        >>> for part in (model, tokenizer):
        ...     _ = part.save_pretrained(folder)
        >>> model = load_model(folder)
        >>> model.reading.kind, model.reading.label_piece
        ('token-classification', 'first')
    """

    name: str
    trainer: Trainer
    tokenizer: PreTrainedTokenizerBase
    reading: Reading
    labels: tuple[str, ...]

    @property
    def max_length(self) -> int:
        """Most tokens of an input."""
        return self.reading.settings["max_length"]

    @property
    def problem_type(self) -> ProblemType:
        """Whether a text has one label, several, or a number."""
        config = getattr(self.trainer.model, "config", None)
        found = getattr(config, "problem_type", None)
        if found in get_args(ProblemType):
            return cast(ProblemType, found)
        return "regression" if len(self.labels) == 1 else "single_label_classification"

    @property
    def task(self) -> Task:
        """A task with the model's labels and settings, for its features."""
        kind = self.reading.kind
        spans = kind == "question-answering" or has_spans(self.labels)
        return Task(
            name=self.reading.task, title=self.reading.task, kind=kind, languages=("und",),
            metric="f1" if spans else "accuracy", labels=self.labels, defaults=dict(self.reading.settings),
            problem_type=self.problem_type if kind == "text-classification" else "single_label_classification",
        )  # fmt: skip


def load_model(model: str | Path, revision: str | None = None, *, batch_size: int = 32) -> LoadedModel:
    """Load a model with its head, its tokenizer and, where there is one, its ``decoding.json``.

    Args:
        model: A cell's folder, or any folder or Hub repository that ``from_pretrained`` reads. Code from there is never
            run.
        revision: Branch, tag or commit, for a repository.
        batch_size: Rows of ``max_length`` tokens that are computed at a time.

    Raises:
        InputError: If there is no such model, it has no head for tagging, classification or questions, or its tokenizer
            cannot be used.

    Example:
        >>> import tempfile
        >>> from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast
        >>> from tokenizers import Tokenizer, models, pre_tokenizers
        >>> words = {"[UNK]": 0, "[PAD]": 1, "Ann": 2, "lives": 3, "in": 4, "York": 5}
        >>> backend = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
        >>> backend.pre_tokenizer = pre_tokenizers.Whitespace()
        >>> tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]", pad_token="[PAD]")
        >>> from hf_mixtrain.data import load_task
        >>> task = load_task("panx")
        >>> size = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
        >>> config = BertConfig(vocab_size=6, **size, id2label=dict(enumerate(task.labels)))
        >>> model = BertForTokenClassification(config)
        >>> folder = tempfile.mkdtemp()
        >>> for part in (model, tokenizer):
        ...     _ = part.save_pretrained(folder)
        >>> load_model(folder).labels
        ('O', 'B-PER', 'I-PER', 'B-ORG', 'I-ORG', 'B-LOC', 'I-LOC')
    """
    if batch_size < 1:
        raise InputError(f"`batch_size` must be 1 or more. Got {batch_size}.")
    name = str(model)
    folder = Path(name).expanduser()
    if folder.is_dir():
        _check_folder(folder)
        name = str(folder)
    local = local_folder(name, revision)
    check_model(local)
    reading = read_reading(local)
    try:
        config = AutoConfig.from_pretrained(local, trust_remote_code=False)
        kind = _kind(name, config, reading)
        auto_model = getattr(transformers, KINDS[kind].auto_model)
        loaded, loading = load_safely(auto_model, local, output_loading_info=True)
        tokenizer = load_tokenizer(local)
    except InputError:
        raise
    except Exception as error:  # a configuration of somebody else can end in any
        raise InputError(
            f"{model}: cannot be loaded ({_first_line(error)}). Expected the folder of a trained model, "
            "or the name of one on the Hub."
        ) from error
    if missing := sorted(key for key in loading["missing_keys"] if not key.endswith("position_ids")):
        raise InputError(
            f"{model}: expected trained weights for all of the model, found none for {missing[0]}. Train it first."
        )
    if not tokenizer.is_fast:
        raise InputError(f"{model}: expected a fast tokenizer (tokenizer.json), found {type(tokenizer).__name__}.")
    labels: tuple[str, ...] = ()
    if KINDS[kind].has_labels:
        labels = tuple(str(loaded.config.id2label[number]) for number in sorted(loaded.config.id2label))
    # A path or a repository is no name of a task, which is one of a folder.
    task = re.sub(r"\W+", "-", name).strip("-") or "model"
    reading = reading or Reading(task, kind, {"max_length": _longest(kind, config, tokenizer)})
    # A Trainer makes its folder; nothing is written there when it only predicts.
    with tempfile.TemporaryDirectory() as folder_of_trainer:
        arguments = TrainingArguments(
            output_dir=folder_of_trainer, per_device_eval_batch_size=batch_size, report_to=[], disable_tqdm=True,
            dataloader_pin_memory=False,
        )  # fmt: skip
        trainer = Trainer(model=loaded, args=arguments, processing_class=tokenizer)
    return LoadedModel(name, trainer, tokenizer, reading, labels)


def _check_folder(folder: Path) -> None:
    if (folder / "config.json").is_file():
        return
    inner = sorted(path.parent.name for path in folder.glob("*/config.json"))
    if inner:
        raise InputError(
            f"{folder}: expected one model, found one for each of {', '.join(inner)}. Give one of these folders, such "
            f"as {folder / inner[0]}."
        )
    hint = " It has results alone: run its cell with --save_models all." if (folder / "results.json").is_file() else ""
    raise InputError(f"{folder}: expected a trained model, found no config.json in this folder.{hint}")


def _kind(name: str, config: transformers.PreTrainedConfig, reading: Reading | None) -> str:
    if reading is not None and reading.kind in KINDS:
        return reading.kind
    for architecture in config.architectures or ():
        for kind in KINDS.values():
            if architecture.endswith(kind.auto_model.removeprefix("AutoModel")):
                return kind.name
    found = ", ".join(config.architectures or ()) or "no architecture"
    raise InputError(
        f"{name}: expected a model for tagging, classification or questions (XLMRobertaForTokenClassification, say), "
        f"found {found}. Train it on a task first."
    )


def _longest(kind: str, config: transformers.PreTrainedConfig, tokenizer: PreTrainedTokenizerBase) -> int:
    # RoBERTa's positions begin behind padding, so two fewer than it says can be used.
    positions = getattr(config, "max_position_embeddings", None) or _MAX_LENGTH[kind] + 2
    return int(min(_MAX_LENGTH[kind], positions - 2, tokenizer.model_max_length))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
