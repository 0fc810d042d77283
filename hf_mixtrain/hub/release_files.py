"""What of a folder goes to the Hub: an allow list, checked for pickles, broken weights and secrets."""

import os
from fnmatch import fnmatchcase
from pathlib import Path

from hf_mixtrain.errors import InputError
from hf_mixtrain.hub.model_check import (
    ADAPTER,
    ADAPTER_WEIGHTS,
    CONFIG,
    check_model,
    check_tokenizer,
    check_weights,
    read_json,
)
from hf_mixtrain.hub.secrets import refuse_secrets

# Everything else stays where it is: optimizer states, logs, `training_args.bin` (a pickle with the token in it).
ALLOWED = (
    "README.md",
    "LICENSE",
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "model-*-of-*.safetensors",
    "model.safetensors.index.json",
    "adapter_config.json",
    "adapter_model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "sentencepiece.bpe.model",
    "spiece.model",
    "spm.model",
    "bpe.codes",
    "tokenizer.model",
    "decoding.json",
    "results.json",
    "shots.json",
    "recipe.yaml",
)
SKIPPED = ("checkpoint-*", "last-checkpoint", "_*", ".*")


def is_allowed(path: str) -> bool:
    """Tell whether a file of that path belongs to a release: on top, or in a folder of one model among several.

    Example:
        >>> is_allowed("model.safetensors"), is_allowed("de/config.json"), is_allowed("training_args.bin")
        (True, True, False)
    """
    *folders, name = path.split("/")
    known = any(fnmatchcase(name, pattern) for pattern in ALLOWED)
    skipped = any(fnmatchcase(folder, pattern) for folder in folders for pattern in SKIPPED)
    return known and not skipped and len(folders) <= 1


def release_files(folder: str | Path, *, tokenizer: bool = True) -> dict[str, Path]:
    """List the files of a folder that a release is made of, and check them.

    Args:
        folder: A model with its tokenizer and card; or, where a method makes a model for each language, the card, and a
            folder for each model.
        tokenizer: Whether each model must have one.

    Returns:
        ``{path in the repository: file}``, sorted. Folders count only with a ``config.json`` in them.

    Raises:
        InputError: If the card, a configuration or weights are missing; if weights are pickled or broken; or if a
            file holds what looks like a token.

    Example:
        >>> import tempfile
        >>> release_files(tempfile.mkdtemp())
        Traceback (most recent call last):
        hf_mixtrain.errors.InputError: ...: no README.md in it. ...
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder. Expected one with a trained model, its tokenizer and its card.")
    models = [
        path.parent for path in sorted(folder.glob("*/config.json")) if is_allowed(f"{path.parent.name}/{path.name}")
    ]
    files = {
        path.relative_to(folder).as_posix(): path
        for parent in (folder, *models)
        for path in sorted(parent.iterdir())
        if path.is_file() and is_allowed(path.relative_to(folder).as_posix())
    }
    if "README.md" not in files:
        raise InputError(f"{folder}: no README.md in it. Make a card first: `hf_mixtrain.cards.write_card(folder)`.")
    for path in files.values():
        _refuse_link(path, folder)
    refuse_secrets(files, {})
    for path in files.values():
        if path.suffix == ".json":
            read_json(path)  # one that is damaged would be published as it is
    for model in [folder] if (folder / "config.json").is_file() or not models else models:
        _check_model(model, tokenizer)
    return files


def _refuse_link(path: Path, folder: Path) -> None:
    """A link may lead to a file that nobody means to publish; only the cache of the Hub is made of links."""
    target = path.resolve()
    if folder.resolve() in target.parents:
        return
    cache = folder.resolve().parent
    if cache.name == "snapshots" and path.is_symlink():
        first = Path(os.path.normpath(path.parent.resolve() / path.readlink()))
        if first.parent == cache.parent / "blobs":
            return
    raise InputError(f"{path}: a link that leads out of the folder is not followed. Put the file itself in its place.")


def _check_model(folder: Path, tokenizer: bool) -> None:
    if (folder / ADAPTER).is_file() and not (folder / CONFIG).is_file():
        check_weights(folder / ADAPTER_WEIGHTS)
        return
    check_model(folder)
    if tokenizer:
        check_tokenizer(folder)


def check_labels(folder: str | Path) -> None:
    """Check that the labels of a folder's models have names.

    Raises:
        InputError: If they are called LABEL_0, LABEL_1 and so on, or a configuration cannot be read.
    """
    for config in [Path(folder, "config.json"), *sorted(Path(folder).glob("*/config.json"))]:
        if not config.is_file() or not is_allowed(config.relative_to(folder).as_posix()):
            continue
        labels = read_json(config).get("id2label") or {}
        if not isinstance(labels, dict):
            raise InputError(f"{config}: expected `id2label` from numbers to labels. Save the model again.")
        if len(labels) > 2 and all(str(label).startswith("LABEL_") for label in labels.values()):
            raise InputError(f"{config}: labels have no names in `id2label`. Set them, so that others can read them.")
