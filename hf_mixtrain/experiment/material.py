"""Data, features and the model that all trainings of a grid start from, each loaded once."""

import hashlib
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from datasets import Dataset
from transformers import (
    AutoModel,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    set_seed,
)

from hf_mixtrain.data import FewShotData, featurize, load_fewshot, open_source
from hf_mixtrain.data.task import Split
from hf_mixtrain.encoders import (
    dataset_texts,
    model_revision,
    resolve_model,
    restore_vocabulary,
    trim_vocabulary,
)
from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.locks import one_at_a_time
from hf_mixtrain.experiment.settings import Settings
from hf_mixtrain.methods import METHODS

logger = logging.getLogger(__name__)

_HEADS = {
    "token-classification": AutoModelForTokenClassification,
    "text-classification": AutoModelForSequenceClassification,
    "question-answering": AutoModelForQuestionAnswering,
}


class Material:
    """What a grid's trainings are made of.

    Args:
        settings: The grid's settings.
        stages_folder: Where models are kept that several cells use.
    """

    def __init__(self, settings: Settings, stages_folder: Path) -> None:
        self.settings = settings
        self._stages_folder = stages_folder
        self._data: dict[tuple[int, int], FewShotData] = {}

    @property
    def source_language(self) -> str:
        """The language with the full training set."""
        return self.settings.training.get("source_language", "en")

    @cached_property
    def languages(self) -> list[str]:
        """All languages, source first: for zero-shot too only those that have shots, if other methods need them."""
        run = self.settings.run
        data = self._load(self._most_shots, run.seeds[0], run.languages)
        self._data[self._most_shots, run.seeds[0]] = data
        return data.languages

    @property
    def target_dev(self) -> bool:
        """Whether dev sets of the targets are read: only for a method that is defined by them, or on request."""
        run = self.settings.run
        return run.select_on == "target-dev" or any(METHODS[method].uses_target_dev for method in run.method)

    @property
    def max_length(self) -> int | None:
        """The longest input, or None for the task's."""
        return self.settings.run.max_length

    def check(self) -> None:
        """Read everything that the grid needs, before anything is trained.

        Raises:
            InputError: If data or the model are missing or not as expected.
        """
        run = self.settings.run
        data = self.data(self._most_shots, run.seeds[0])
        for name, rows in {"train": data.train, **{f"test of {k}": v for k, v in data.test.items()}}.items():
            if not len(rows):
                raise InputError(f"--data_source {run.data_source}: {name} of {self.settings.task.name} has no rows.")
        needed = self.languages if self.target_dev else [self.source_language] if run.select_on == "source-dev" else []
        if without := [language for language in needed if language not in data.dev]:
            raise InputError(
                f"--data_source {run.data_source}: expected dev data of {', '.join(without)} to select a model on, "
                f"found none for {self.settings.task.name}. Use --select_on last, and no method that needs target dev "
                "data."
            )
        _ = self.tokenizer

    @property
    def _most_shots(self) -> int:
        run = self.settings.run
        return max(run.shots) if any(METHODS[method].uses_shots for method in run.method) else 0

    def data(self, shots: int, seed: int) -> FewShotData:
        """Return the data for K and a seed."""
        if (shots, seed) not in self._data:
            self._data[shots, seed] = self._load(shots, seed, self.languages[1:])
        return self._data[shots, seed]

    def _load(self, shots: int, seed: int, languages: list[str] | None) -> FewShotData:
        run = self.settings.run
        return load_fewshot(
            self.settings.task,
            shots=shots,
            seed=seed,
            languages=languages,
            source=run.data_source,
            source_language=self.source_language,
            target_dev=self.target_dev,
            max_source_examples=run.max_source_examples,
            max_eval_examples=run.max_eval_examples,
            shots_per=run.shots_per,
            shots_file=run.shots_file,
        )

    def features(self, rows: Dataset) -> Dataset:
        """Return the training features of some rows."""
        with PartialState().local_main_process_first():
            return featurize(
                self.settings.task,
                rows,
                self.tokenizer,
                training=True,
                max_length=self.max_length,
                label_piece=self.settings.label_piece,
            )

    @cached_property
    def model_revision(self) -> str | None:
        """What the encoder is on the Hub or in its package; see `hf_mixtrain.encoders.model_revision`."""
        name = self.settings.run.model_name_or_path
        with _explained(name):
            return model_revision(name)

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The tokenizer of the encoder."""
        return self._load_pretrained(AutoTokenizer, self.encoder)

    @cached_property
    def encoder(self) -> str:
        """Name or folder of the encoder; with ``--trim_vocabulary``, the folder of the trimmed one."""
        run = self.settings.run
        name = resolve_model(run.model_name_or_path)
        if not run.trim_vocabulary:
            return name
        what = repr((self.settings.places, self.settings.task.name, self.languages, self.target_dev))
        folder = self._stages_folder / f"encoder-{hashlib.sha256(what.encode()).hexdigest()[:16]}"
        with one_at_a_time(folder.with_suffix(".lock")) as first:
            if first and not folder.is_dir():
                self._trim(name, folder)
        return str(folder)

    def _trim(self, name: str, folder: Path) -> None:
        model, loading = self._load_pretrained(AutoModel, name, output_loading_info=True)
        tokenizer = self._load_pretrained(AutoTokenizer, name)
        before = model.num_parameters()
        model, tokenizer = trim_vocabulary(model, tokenizer, self._texts())
        logger.info(
            "Vocabulary trimmed to %s word pieces: %.0f M of %.0f M parameters are left.",
            f"{len(tokenizer):,}", model.num_parameters() / 1e6, before / 1e6,
        )  # fmt: skip
        unfinished = folder.with_suffix(".part")
        # Weights that the encoder does not have (E5's pooler) were made up just now: each cell's seed makes its own.
        known = {key: value for key, value in model.state_dict().items() if key not in loading["missing_keys"]}
        model.save_pretrained(unfinished, state_dict=known)
        tokenizer.save_pretrained(unfinished)
        unfinished.rename(folder)

    def _texts(self) -> Iterator[Any]:
        # All texts from which any K and any seed can draw: a cell must not depend on which others are run.
        task = self.settings.task
        source = open_source(self.settings.run.data_source, task, self.source_language)
        splits: list[Split] = ["train", "dev", "test"]
        of_targets = {task.shots_split, "test"} | ({"dev"} if self.target_dev else set())
        yield from dataset_texts(
            source.read(language, split)
            for language in self.languages
            for split in splits
            if (language == self.source_language or split in of_targets) and source.has(language, split)
        )

    def new_model(self, start: str, seed: int) -> PreTrainedModel:
        """Return a model for the task.

        Args:
            start: Name or folder of an encoder or of a trained model.
            seed: Decides the weights of a head that ``start`` does not have.
        """
        task = self.settings.task
        labels: dict[str, Any] = {}
        if task.labels:
            labels["id2label"] = dict(enumerate(task.labels))
            labels["label2id"] = {label: number for number, label in enumerate(task.labels)}
        set_seed(seed)
        # Weights that are stored in 16 bits are trained in 32 all the same; `--bf16` is about the arithmetic.
        return self._load_pretrained(_HEADS[task.kind], start, dtype=torch.float32, **labels)

    def export(self, trained: Path, folder: Path) -> None:
        """Put a trained model and its tokenizer into ``folder``, with the encoder's whole vocabulary.

        ``config.json`` comes last: a folder that has it has all of the model, also if the process was killed here once.
        """
        part = folder / ".part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        self._save_whole(trained, part)
        for path in sorted(part.iterdir(), key=lambda path: path.name == "config.json"):
            path.replace(folder / path.name)
        part.rmdir()

    def _save_whole(self, trained: Path, folder: Path) -> None:
        if not self.settings.run.trim_vocabulary:
            shutil.copytree(trained, folder, copy_function=shutil.copyfile, dirs_exist_ok=True)
            return
        name = resolve_model(self.settings.run.model_name_or_path)
        model = _HEADS[self.settings.task.kind].from_pretrained(trained)
        trimmed, tokenizer = (self._load_pretrained(AutoTokenizer, place) for place in (self.encoder, name))
        whole = self._load_pretrained(AutoModel, name)
        restore_vocabulary(model, trimmed, whole, tokenizer).save_pretrained(folder)
        tokenizer.save_pretrained(folder)

    def _load_pretrained(self, auto_class: Any, folder: str, **kwargs: Any) -> Any:
        name, revision = self.settings.run.model_name_or_path, self.model_revision
        # All cells of a grid start from the commit that the results name, also if the branch moves meanwhile.
        pinned = {"revision": revision} if revision and folder == name else {}
        with _explained(name):
            return auto_class.from_pretrained(folder, **pinned, **kwargs)


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise InputError(
            f"--model_name_or_path {name}: cannot be loaded ({reason}). Expected the name of a model on the Hub, a "
            "folder with one, or embedded:multilingual-e5-small, which needs no Hub."
        ) from error
