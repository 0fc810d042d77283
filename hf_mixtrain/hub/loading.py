"""From a released checkpoint, a repository or a folder to a model that can be used."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hf_mixtrain.errors import InputError
from hf_mixtrain.hub.download import download
from hf_mixtrain.hub.registry import find_released, read_registry

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class Checkpoint(NamedTuple):
    """A model in evaluation mode, its tokenizer, and the folder that both were read from."""

    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"
    folder: Path


def load_released(
    task: str,
    *,
    shots: int,
    method: str = "gradient-mix-train",
    seed: int = 1,
    model: str | None = None,
    language: str | None = None,
    registry: str | Path | None = None,
) -> Checkpoint:
    """Load one of the checkpoints that were released with this package.

    Args:
        task: Name of the task.
        shots: K.
        method: The method.
        seed: The seed of shots and training.
        model: The base model, where there are several.
        language: Which model, of a method that makes one for each language.
        registry: A registry of your own; default: that of the package.

    Returns:
        Model, tokenizer and folder. The commit is fixed, every file is checked, and a second use needs no network.

    Raises:
        InputError: If there is no such checkpoint, or it is not yet published.
        HubError: If it cannot be fetched.

    Example:
        >>> model, tokenizer, folder = load_released("panx", shots=5)  # doctest: +SKIP
    """
    entries = read_registry(registry)
    entry = find_released(entries, task=task, method=method, shots=shots, seed=seed, model=model)
    return _load(download(entry.name, registry=registry), language)


def load_checkpoint(name: str | Path, revision: str | None = None, *, language: str | None = None) -> Checkpoint:
    """Load a model with its head and tokenizer.

    Args:
        name: A folder, a repository ``name/model``, or the name of a released checkpoint.
        revision: Branch, tag or commit, for a repository.
        language: Which model, of a method that makes one for each language.

    Returns:
        Model, tokenizer and folder. Only safetensors are read, and no code from the Hub is run.

    Raises:
        InputError: If there is no such model, or it is one of several and ``language`` does not say which.
        HubError: If it cannot be fetched.

    Example:
        >>> model, tokenizer, folder = load_checkpoint("me/panx-5", "v1.0")  # doctest: +SKIP
    """
    folder = Path(name)
    return _load(folder if folder.is_dir() else download(str(name), revision), language)


def _load(folder: Path, language: str | None) -> Checkpoint:
    # transformers takes seconds to import; looking at the registry and downloading do not need it.
    import transformers

    model_folder = folder / language if language else folder
    config = model_folder / "config.json"
    if not config.is_file():
        languages = sorted(path.parent.name for path in folder.glob("*/config.json"))
        if not languages:
            raise InputError(f"{folder}: no config.json in it. Expected the folder of a trained model.")
        raise InputError(f"{folder}: one model for each language is in it. Set `language`: {', '.join(languages)}.")
    architectures = json.loads(config.read_text(encoding="utf-8")).get("architectures") or ["none"]
    kind = getattr(transformers, architectures[0], None)
    if not (isinstance(kind, type) and issubclass(kind, transformers.PreTrainedModel)):
        raise InputError(f"{config}: transformers has no model class {architectures[0]!r}. Update transformers.")
    return Checkpoint(
        model=kind.from_pretrained(model_folder, use_safetensors=True).eval(),
        tokenizer=transformers.AutoTokenizer.from_pretrained(model_folder),
        folder=model_folder,
    )
