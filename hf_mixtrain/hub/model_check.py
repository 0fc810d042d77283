"""Whether the files of a model can be loaded: complete, plain weights, and nothing that would run or lead elsewhere."""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open

from hf_mixtrain.errors import InputError

CONFIG, WEIGHTS, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"
TOKENIZER_CONFIG = "tokenizer_config.json"
ADAPTER, ADAPTER_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
# One of each line makes a tokenizer.
TOKENIZERS: tuple[tuple[str, ...], ...] = (
    ("tokenizer.json",),
    ("vocab.txt",),
    ("vocab.json", "merges.txt"),
    ("sentencepiece.bpe.model",),
    ("spiece.model",),
    ("spm.model",),
    ("tokenizer.model",),
)

# What a configuration may say of attention; other values name kernels, which transformers fetches and runs.
_ATTENTION = (None, "eager", "sdpa")
# Code of others, weights under another name, or formats that fetch kernels and models of their own.
_REFUSED = (
    "quantization_config", "compression_config", "transformers_weights", "use_kernels", "kernel_config",
    "detectron2_config_args", "backbone", "use_timm_backbone", "megatron_config",
)  # fmt: skip
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
_MOST_LABELS = 100_000
_LAYERS = 100  # layers may share their weights; more than these need some of their own
_MOST_BYTES = 2**26  # of a JSON file; the largest tokenizers have 40 MB


def missing_file(names: Collection[str], shards: Collection[str] = ()) -> str | None:
    """Say which file of a model a list of names lacks.

    Args:
        names: Names of the files that stand together.
        shards: Names in the model's index, if it has one.

    Returns:
        The missing file, or None if the model can be complete.

    Example:
        >>> missing_file(["config.json", "model.safetensors", "vocab.txt"])
        >>> missing_file(["config.json", "model.safetensors"])
        'tokenizer.json'
    """
    if CONFIG not in names:
        return CONFIG
    if WEIGHTS not in names and INDEX not in names:
        return WEIGHTS
    if not any(all(name in names for name in files) for files in TOKENIZERS):
        return "tokenizer.json"
    return next((name for name in shards if name not in names), None)


def shard_names(index: Path) -> list[str]:
    """Return the weight files that an index names.

    Raises:
        InputError: If it is no index, or names anything but safetensors files beside it.
    """
    weight_map = read_json(index).get("weight_map")
    names = list(weight_map.values()) if isinstance(weight_map, dict) else []
    for name in names:
        if not isinstance(name, str) or not name.endswith(".safetensors") or Path(name).name != name or "\\" in name:
            raise InputError(f"{index}: expected names of safetensors files in the same folder. Found {name!r}.")
    if not names:
        raise InputError(f"{index}: expected a `weight_map` from weights to files, found none. Save the model again.")
    return sorted(set(names))


def check_model(folder: Path) -> None:
    """Check the configuration and the weights in a folder, before they are given to transformers.

    Raises:
        InputError: If a file is missing or broken, if weights are pickled or elsewhere, or if the configuration asks
            for code, kernels or sizes that the weights do not have.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> check_model(folder)
        Traceback (most recent call last):
            ...
        hf_mixtrain.errors.InputError: ...: no config.json in it. Expected the folder of a trained model.
    """
    if not (folder / CONFIG).is_file():
        adapter = " It holds an adapter: merge it into its model first." if (folder / ADAPTER).is_file() else ""
        raise InputError(f"{folder}: no {CONFIG} in it. Expected the folder of a trained model.{adapter}")
    config = read_json(folder / CONFIG)
    names = shard_names(folder / INDEX) if _is_sharded(folder) else [WEIGHTS]
    for name in names:
        if not (folder / name).is_file():
            pickles = sorted(
                path.name for path in folder.iterdir() if path.suffix in _PICKLES and path.stem != "training_args"
            )
            found = f" {pickles[0]} is a pickle and is not read." if pickles else ""
            if (folder / ADAPTER).is_file():
                raise InputError(
                    f"{folder}: holds adapters, and a whole model is expected. Train with --lora_export merged, or "
                    "merge them with PEFT (`merge_and_unload`) and save the model."
                )
            raise InputError(
                f"{folder}: no weights ({name}) in it.{found} Save the model, or train with `--save_models all`."
            )
    if (folder / ADAPTER).is_file() and not (folder / ADAPTER_WEIGHTS).is_file():
        raise InputError(f"{folder}: {ADAPTER} without {ADAPTER_WEIGHTS}. Save the adapter again.")
    check_config(config, folder / CONFIG, tensors=sum(len(check_weights(folder / name)) for name in names))


def check_config(config: Mapping[str, Any], path: Path, *, tensors: int | None = None) -> None:
    """Check what a configuration asks for; see `check_model`.

    Example:
        >>> check_config({"sub": {"attn_implementation": "me/kernel"}}, Path("config.json"))
        Traceback (most recent call last):
        hf_mixtrain.errors.InputError: config.json: `attn_implementation` 'me/kernel' would run code ...
    """
    for key, value in _walk(config):
        if key.strip("_").removesuffix("_internal") in ("attn_implementation", "experts_implementation"):
            for name in value.values() if isinstance(value, dict) else [value]:
                if name not in _ATTENTION:
                    raise InputError(f"{path}: `{key}` {name!r} would run code from elsewhere. Take the line out.")
        elif key in _REFUSED and value:
            raise InputError(f"{path}: `{key}` is not supported, as it can fetch or run what is elsewhere. Use a plain "
                             "model, or take the line out.")  # fmt: skip
        elif key in ("num_labels", "_num_labels") or key == "id2label":
            count = len(value) if isinstance(value, (dict, list)) else value
            if isinstance(count, int) and not 0 <= count <= _MOST_LABELS:
                raise InputError(f"{path}: expected at most {_MOST_LABELS} labels. `{key}` has {count}.")
        elif "layer" in key and isinstance(value, int) and tensors is not None and value > max(tensors, _LAYERS):
            raise InputError(f"{path}: `{key}` is {value}, but the weights have only {tensors} tensors. They do not "
                             "belong together.")  # fmt: skip


def check_tokenizer(folder: Path) -> None:
    """Check that a tokenizer is there, and that it reads no file from elsewhere.

    Without the files, transformers would make a tokenizer with five pieces and say nothing.

    Raises:
        InputError: If files are missing or broken, or name a file outside the folder.
    """
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if not any(all(name in names for name in files) for files in TOKENIZERS):
        raise InputError(f"{folder}: no tokenizer in it. Expected tokenizer.json or a vocabulary, as it was trained.")
    for name in (TOKENIZER_CONFIG, "special_tokens_map.json", "tokenizer.json", CONFIG):
        content = read_json(folder / name) if name in names else {}
        if name != TOKENIZER_CONFIG:
            continue
        for key, value in content.items():
            if key.endswith("_file") and isinstance(value, str) and _is_elsewhere(folder, value):
                raise InputError(f"{folder / name}: `{key}` names a file outside the folder. Take the line out.")


def check_weights(path: Path) -> list[str]:
    """Read the names of the tensors in a safetensors file.

    Raises:
        InputError: If it is missing or broken.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            return list(file.keys())
    except Exception as error:  # of safetensors' own kind, which is not the same in all versions, and OSError
        raise InputError(f"{path}: the weights are broken ({error}). Save the model again.") from None


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object from a file.

    Raises:
        InputError: If it cannot be read, or is something else.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"{path}: larger than {_MOST_BYTES // 2**20} MiB. Expected a JSON file of a model.")
        value = json.loads(path.read_text(encoding="utf-8"))
    except InputError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a JSON file that can be read ({error}). Save the model again.") from None
    if not isinstance(value, dict):
        raise InputError(f"{path}: expected a JSON object, found {type(value).__name__}. Save the model again.")
    return value


def _is_sharded(folder: Path) -> bool:
    return not (folder / WEIGHTS).is_file() and (folder / INDEX).is_file()


def _walk(value: Any) -> Iterator[tuple[str, Any]]:
    """All keys of a configuration, of parts of it too."""
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            yield from ((str(key), one) for key, one in part.items())
        left += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()


def _is_elsewhere(folder: Path, name: str) -> bool:
    """Whether a name leads to a file that is there and not in the folder; names from other machines lead nowhere."""
    try:
        path = (folder / name).resolve()
        return path.exists() and folder.resolve() not in path.parents
    except (OSError, ValueError):
        return False
