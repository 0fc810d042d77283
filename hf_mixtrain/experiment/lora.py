"""LoRA (``--use_peft``): train small matrices beside the weights, and the head; the weights themselves stay."""

import json
import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_mixtrain.errors import InputError
from hf_mixtrain.files import atomic_write_text

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_CONFIG = "adapter_config.json"
_TASK_TYPES = {
    "token-classification": "TOKEN_CLS",
    "text-classification": "SEQ_CLS",
    "question-answering": "QUESTION_ANS",
}


@dataclass(frozen=True)
class Lora:
    """How adapters are made.

    Attributes:
        rank: Rank of the matrices.
        alpha: Their product is multiplied by ``alpha / rank``.
        targets: Names of the layers that get one; None: those that PEFT knows for this kind of encoder.
    """

    rank: int
    alpha: float
    targets: Sequence[str] | None

    def add(self, model: "PreTrainedModel", kind: str) -> Any:
        """Return a `peft.PeftModel` around ``model``, whose adapters and head are trained.

        Args:
            model: A model for the task; it is changed.
            kind: Kind of the task, such as ``token-classification``.

        Raises:
            InputError: If PEFT is not installed, or finds no such layers.
        """
        peft = _peft()
        targets = None if self.targets is None else list(self.targets)
        try:
            config = peft.LoraConfig(
                task_type=_TASK_TYPES[kind],
                r=self.rank,
                lora_alpha=self.alpha,
                target_modules="all-linear" if targets == ["all-linear"] else targets,
            )
            with _quiet():
                wrapped = peft.get_peft_model(model, config)
        except ValueError as error:
            raise InputError(
                f"--lora_target_modules: PEFT finds no layer to adapt ({_first_line(error)}). "
                "Expected names of linear layers such as query value, or all-linear."
            ) from None
        # Else PEFT asks the Hub for this model whenever an adapter is saved. `copy_adapter` fills it in.
        config.base_model_name_or_path = None
        return wrapped


def is_adapter(folder: str | Path) -> bool:
    """Whether a folder holds an adapter, and not a whole model."""
    return Path(folder, _CONFIG).is_file()


def load_adapter(model: "PreTrainedModel", folder: str | Path) -> Any:
    """Return a `peft.PeftModel` of ``model`` and the adapter in ``folder``, ready to be trained on."""
    with _quiet():
        return _peft().PeftModel.from_pretrained(model, str(folder), is_trainable=True)


def merge(model: Any) -> "PreTrainedModel":
    """Return the model with its adapters added to its weights: it needs no PEFT any more."""
    merged: PreTrainedModel = model.merge_and_unload()
    return merged


def copy_adapter(trained: Path, folder: Path, base: str) -> None:
    """Copy an adapter for others: with the name of its encoder, and without the card that PEFT wrote."""
    shutil.copytree(trained, folder, ignore=shutil.ignore_patterns("README.md"), dirs_exist_ok=True)
    config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
    atomic_write_text(folder / _CONFIG, json.dumps(config | {"base_model_name_or_path": base}, indent=2) + "\n")


def _peft() -> Any:
    try:
        import peft
    except ImportError:
        raise InputError('--use_peft needs PEFT: pip install "hf_mixtrain[peft]".') from None
    return peft


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide that PEFT 0.21 asks models for a name that transformers 5.23 calls deprecated."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing` is deprecated", category=FutureWarning)
        yield


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".")
