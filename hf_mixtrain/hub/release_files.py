"""What of a folder goes to the Hub: an allow list, checked for pickles, broken weights and secrets."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from huggingface_hub import get_token
from safetensors import SafetensorError, safe_open

from hf_mixtrain.errors import InputError

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
    "tokenizer.model",
    "decoding.json",
    "results.json",
    "shots.json",
    "recipe.yaml",
)
SKIPPED = ("checkpoint-*", "_*", ".*")
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")
# Tokens of the Hub, of GitHub and of Amazon.
_SECRET = re.compile(
    rb"\bhf_[A-Za-z0-9]{30,}|\bapi_org_[A-Za-z0-9]{30,}|\bgh[pousr]_[A-Za-z0-9]{36,}|\bAKIA[A-Z0-9]{16}\b"
)
_CHUNK = 2**24


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


def release_files(folder: str | Path) -> dict[str, Path]:
    """List the files of a folder that a release is made of, and check them.

    Args:
        folder: A model with its tokenizer and card; or, where a method makes a model for each language, the card, and a
            folder for each model.

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
        if place := find_secret(path):
            raise InputError(f"{place}: this looks like an access token, and the file would be public. Take it out.")
    for model in [folder] if (folder / "config.json").is_file() or not models else models:
        _check_model(model)
    return files


def find_secret(path: Path) -> str | None:
    """Look for access tokens in a file, also in weights: a token may stand in their metadata.

    Args:
        path: The file.

    Returns:
        ``file:line`` of the first one (``file`` for weights), or None. Never the token.
    """
    own = (get_token() or "").encode()
    line = 1
    for chunk in _overlapping(path):
        found = _SECRET.search(chunk)
        at = found.start() if found else (chunk.find(own) if own else -1)
        if at >= 0:
            return f"{path}" if path.suffix == ".safetensors" else f"{path}:{line + chunk.count(10, 0, at)}"
        line += chunk.count(10)
    return None


def _overlapping(path: Path) -> Iterator[bytes]:
    # A token that lies across two chunks would be seen in neither.
    overlap = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield overlap + chunk
            overlap = chunk[-256:].replace(b"\n", b" ")


def _check_model(folder: Path) -> None:
    weights = [path for path in sorted(folder.glob("*.safetensors")) if is_allowed(path.name)]
    if not weights:
        if pickles := [
            path.name for pattern in _PICKLES for path in folder.glob(pattern) if path.stem != "training_args"
        ]:
            raise InputError(
                f"{folder}: {pickles[0]} is a pickle. Save the model with `save_pretrained` of transformers 5."
            )
        raise InputError(f"{folder}: no weights (model.safetensors) in it. Train with `--save_models all`.")
    for path in weights:
        try:
            with safe_open(path, framework="numpy") as file:
                file.keys()
        except SafetensorError as error:
            raise InputError(f"{path}: the weights are broken ({error}). Save the model again.") from None
    if not (folder / "config.json").is_file() and not (folder / "adapter_config.json").is_file():
        raise InputError(f"{folder}: no config.json in it. Save the model with `save_pretrained`.")


def check_labels(folder: str | Path) -> None:
    """Check that the labels of a folder's models have names.

    Raises:
        InputError: If they are called LABEL_0, LABEL_1 and so on, or a configuration cannot be read.
    """
    for config in [Path(folder, "config.json"), *sorted(Path(folder).glob("*/config.json"))]:
        if not config.is_file() or not is_allowed(config.relative_to(folder).as_posix()):
            continue
        try:
            labels = json.loads(config.read_text(encoding="utf-8")).get("id2label") or {}
        except (ValueError, AttributeError):
            raise InputError(f"{config}: not a model configuration. Save the model again.") from None
        if len(labels) > 2 and all(str(label).startswith("LABEL_") for label in labels.values()):
            raise InputError(f"{config}: labels have no names in `id2label`. Set them, so that others can read them.")
