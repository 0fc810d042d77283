"""The models of a grid: the encoder that trainings start from, trimmed if asked for, and how models leave a grid."""

import hashlib
import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoModel, PreTrainedTokenizerBase, set_seed

import hf_mixtrain
from hf_mixtrain.checksums import checksums_of, damaged_file, is_whole, write_checksums
from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.encoders import (
    encoder_content,
    model_revision,
    resolve_model,
    restore_vocabulary,
    trim_vocabulary,
)
from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.grid_data import GridData
from hf_mixtrain.experiment.locks import one_at_a_time
from hf_mixtrain.experiment.lora import copy_adapter, is_adapter, load_adapter, merge
from hf_mixtrain.experiment.settings import Settings
from hf_mixtrain.files import atomic_folder, remove
from hf_mixtrain.hub import load_model, load_tokenizer

logger = logging.getLogger(__name__)

_PART = ".part"


class Models:
    """Loads, trims and exports models.

    Args:
        settings: The grid's settings.
        data: The grid's data: a vocabulary is trimmed to its texts.
        folder: Where a trimmed encoder is kept.
    """

    def __init__(self, settings: Settings, data: GridData, folder: Path) -> None:
        self._settings, self._data, self._folder = settings, data, folder
        self._name = settings.run.model_name_or_path

    @cached_property
    def revision(self) -> str | None:
        """What the encoder is on the Hub or in its package; see `hf_mixtrain.encoders.model_revision`."""
        with _explained(self._name):
            return model_revision(self._name)

    @cached_property
    def content(self) -> dict[str, Any]:
        """Name and content of the encoder, for results: ``{"name": …, "sha256" or "commit": …}``."""
        with _explained(self._name):
            return {"name": self._settings.model, **encoder_content(self._name)}

    @cached_property
    def encoder_key(self) -> str:
        """Name for the encoder that trainings start from, made from its content and from what it is trimmed to."""
        content = {key: value for key, value in self.content.items() if key != "name" or "commit" in self.content}
        if not self._settings.run.trim_vocabulary:
            return json.dumps(content)
        what = {
            "version": hf_mixtrain.__version__,
            "encoder": content,
            "texts": {language: sorted(sums.values()) for language, sums in self._data.vocabulary_checksums.items()},
        }
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]

    @cached_property
    def encoder(self) -> str:
        """Name or folder of the encoder; with ``--trim_vocabulary``, the folder of the trimmed one."""
        with _explained(self._name):
            name = resolve_model(self._name)
        if not self._settings.run.trim_vocabulary:
            return name
        folder = self._folder / f"encoder-{self.encoder_key}"
        with one_at_a_time(self._folder / "claims" / folder.name) as first:
            if first and not is_whole(folder):
                self._trim(name, folder)
        return str(folder)

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The tokenizer of the encoder."""
        return self._load_tokenizer(self.encoder)

    def new_model(self, start: str, seed: int) -> Any:
        """Return a model for the task, to be trained; with ``--use_peft``, one with adapters.

        Args:
            start: Name or folder of an encoder or of a trained model.
            seed: Decides the weights of a head that ``start`` does not have.
        """
        set_seed(seed)
        # Weights that are stored in 16 bits are trained in 32 all the same; `--bf16` is about the arithmetic.
        adapted = is_adapter(start)
        model = self._load(
            self._auto_model, self.encoder if adapted else start, dtype=torch.float32, **self._settings.task.head
        )
        if adapted:
            return load_adapter(model, start)
        lora = self._settings.lora
        return lora.add(model, self._settings.task.kind) if lora is not None else model

    def trained_model(self, folder: Path) -> Any:
        """Return a trained model as it is exported, to be tested: its adapters merged, unless they are kept apart."""
        model = self.new_model(str(folder), seed=0)
        return merge(model) if self._settings.run.use_peft and not self._keeps_adapter else model

    def export(self, trained: Path, folder: Path) -> dict[str, str]:
        """Put a trained model and its tokenizer into ``folder``, with the encoder's whole vocabulary.

        ``config.json`` comes last: a folder that has it has all of the model, also if the process was killed here once.

        Returns:
            The checksums of the files, for `is_exported`.
        """
        part = folder / _PART
        remove(part)
        part.mkdir(parents=True)
        self._save_whole(trained, part)
        checksums = checksums_of(part)
        for path in sorted(part.iterdir(), key=lambda path: path.name == "config.json"):
            path.replace(folder / path.name)
        part.rmdir()
        return checksums

    @property
    def _auto_model(self) -> Any:
        return getattr(transformers, KINDS[self._settings.task.kind].auto_model)

    def _trim(self, name: str, folder: Path) -> None:
        model, loading = self._load(AutoModel, name, output_loading_info=True)
        tokenizer = self._load_tokenizer(name)
        before = model.num_parameters()
        model, tokenizer = trim_vocabulary(model, tokenizer, self._data.vocabulary_texts())
        logger.info(
            "Vocabulary trimmed to %s word pieces: %.0f M of %.0f M parameters are left.",
            f"{len(tokenizer):,}", model.num_parameters() / 1e6, before / 1e6,
        )  # fmt: skip
        # Weights that the encoder does not have (E5's pooler) were made up just now: each cell's seed makes its own.
        known = {key: value for key, value in model.state_dict().items() if key not in loading["missing_keys"]}
        with atomic_folder(folder) as unfinished:
            model.save_pretrained(unfinished, state_dict=known)
            tokenizer.save_pretrained(unfinished)
            write_checksums(unfinished)

    @property
    def _keeps_adapter(self) -> bool:
        return self._settings.run.use_peft and self._settings.run.lora_export == "adapter"

    def _save_whole(self, trained: Path, folder: Path) -> None:
        run = self._settings.run
        if self._keeps_adapter:
            copy_adapter(trained, folder, self._settings.model)
            # Adapters do not say which labels the head has.
            self.new_model(str(trained), seed=0).get_base_model().config.save_pretrained(folder)
            self._load_tokenizer(resolve_model(self._name)).save_pretrained(folder)
            return
        if run.use_peft and not run.trim_vocabulary:
            self.trained_model(trained).save_pretrained(folder)
            self.tokenizer.save_pretrained(folder)
            return
        if not run.trim_vocabulary:
            shutil.copytree(trained, folder, copy_function=shutil.copyfile, dirs_exist_ok=True)
            return
        name = resolve_model(self._name)
        model = self.trained_model(trained) if run.use_peft else load_model(self._auto_model, trained)
        trimmed, tokenizer = (self._load_tokenizer(place) for place in (self.encoder, name))
        whole = self._load(AutoModel, name)
        restore_vocabulary(model, trimmed, whole, tokenizer).save_pretrained(folder)
        tokenizer.save_pretrained(folder)

    def _load(self, auto_class: Any, folder: str, **kwargs: Any) -> Any:
        with _explained(self._name):
            return load_model(auto_class, folder, self._pinned(folder), **kwargs)

    def _load_tokenizer(self, folder: str) -> Any:
        with _explained(self._name):
            return load_tokenizer(folder, self._pinned(folder))

    def _pinned(self, folder: str) -> str | None:
        """All cells of a grid start from the commit that the results name, also if the branch moves meanwhile."""
        return self.revision if folder == self._name else None


def is_exported(folder: Path, checksums: dict[str, str] | None) -> bool:
    """Tell whether the model that was exported with these checksums is in ``folder``, as it was written."""
    return bool(checksums) and damaged_file(folder, checksums or {}) is None


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:  # InputError is a ValueError
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise InputError(
            f"--model_name_or_path {name}: cannot be loaded ({reason}). Expected the name of a model on the Hub, a "
            "folder with one, or embedded:multilingual-e5-small, which needs no Hub."
        ) from error
