"""From a released checkpoint, a repository or a folder to a model that can be used."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hf_mixtrain.compat import keep_names_of_weights
from hf_mixtrain.errors import InputError
from hf_mixtrain.files import is_path
from hf_mixtrain.hub.download import download, fetch
from hf_mixtrain.hub.model_check import CONFIG, TOKENIZER_CONFIG, check_model, check_tokenizer, read_json
from hf_mixtrain.hub.registry import find_released, read_registry

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class Checkpoint(NamedTuple):
    """A model in evaluation mode, its tokenizer, and the folder that both were read from.

    Example:
        >>> model, tokenizer, folder = Checkpoint("a model", "its tokenizer", Path("a folder"))
        >>> folder.name
        'a folder'
    """

    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"
    folder: Path


def load_released(
    task: str,
    *,
    shots: int | str,
    method: str = "gradient-mix-train",
    seed: int = 1,
    model: str | None = None,
    language: str | None = None,
    registry: str | Path | None = None,
) -> Checkpoint:
    """Load one of the checkpoints that were released with this package.

    Args:
        task: Name of the task.
        shots: K, or ``"all"``.
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


def local_folder(name: str | Path, revision: str | None = None) -> Path:
    """Return the folder of a model: the one that is named, or that of a repository, fetched whole and checked.

    Args:
        name: A folder, or a repository on the Hub.
        revision: Branch, tag or commit of a repository; None: its main branch.

    Raises:
        InputError: If there is no such folder.
        HubError: If a repository cannot be fetched.

    Example:
        >>> local_folder(".")
        PosixPath('.')
    """
    folder = Path(name)
    if folder.is_dir():
        return folder
    if is_path(str(name)) or str(name).count("/") > 1:
        raise InputError(f"{name}: no such folder. Expected one with a model, or a repository `name/model`.")
    return fetch(str(name), revision)


def load_model(auto_class: Any, name: str | Path, revision: str | None = None, **kwargs: Any) -> Any:
    """Load a model that may be anybody's: no code from it runs, and no file outside it is read.

    All places of this package that load a model or a tokenizer do it with this function and `load_tokenizer`.

    Args:
        auto_class: The class whose ``from_pretrained`` is called, such as `transformers.AutoModel`.
        name: A folder, or a repository, which is fetched whole and checked by its hashes.
        revision: Branch, tag or commit of a repository.
        kwargs: More for ``from_pretrained``.

    Returns:
        What ``from_pretrained`` returns.

    Raises:
        InputError: If the model is incomplete or broken, has no safetensors, or asks for code, kernels or quantization.
        HubError: If it cannot be fetched.

    Example:
        >>> from transformers import AutoModel
        >>> load_model(AutoModel, ".")
        Traceback (most recent call last):
        hf_mixtrain.errors.InputError: .: no config.json in it. ...
    """
    folder = local_folder(name, revision)
    check_model(folder)
    _refuse_code(folder / CONFIG, "model_type")
    with _one_line(name):
        found = auto_class.from_pretrained(folder, use_safetensors=True, trust_remote_code=False, **kwargs)
    model = found[0] if isinstance(found, tuple) else found
    keep_names_of_weights(model)
    # Where it was in the cache says nothing to others; adapters are saved with the name of their model.
    model.name_or_path = model.config._name_or_path = str(name)
    return found


def load_tokenizer(name: str | Path, revision: str | None = None) -> Any:
    """Load a tokenizer, as `load_model` loads a model.

    Args:
        name: A folder, or a repository on the Hub.
        revision: Branch, tag or commit of a repository; None: its main branch.

    Raises:
        InputError: If there are no files of a tokenizer, or they are broken.
        HubError: If it cannot be fetched.

    Example:
        >>> load_tokenizer(".")
        Traceback (most recent call last):
        hf_mixtrain.errors.InputError: .: no tokenizer in it. ...
    """
    import transformers

    folder = local_folder(name, revision)
    check_tokenizer(folder)
    _refuse_code(folder / TOKENIZER_CONFIG, "tokenizer_class")
    with _one_line(name):
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    tokenizer.name_or_path = str(name)
    return tokenizer


def _load(folder: Path, language: str | None) -> Checkpoint:
    # transformers takes seconds to import; looking at the registry and downloading do not need it.
    import transformers

    if language and (Path(language).name != language or language == ".."):
        raise InputError(f"`language` must be the name of a folder in {folder}. Got {language!r}.")
    model_folder = folder / language if language else folder
    config = model_folder / CONFIG
    languages = sorted(path.parent.name for path in folder.glob(f"*/{CONFIG}"))
    if not config.is_file() and languages:
        raise InputError(f"{folder}: one model for each language is in it. Set `language`: {', '.join(languages)}.")
    if not config.is_file():
        raise InputError(f"{model_folder}: no {CONFIG} in it. Expected the folder of a trained model.")
    architectures = read_json(config).get("architectures")
    name = architectures[0] if isinstance(architectures, list) and architectures else "none"
    kind = getattr(transformers, name, None) if isinstance(name, str) else None
    if not (isinstance(kind, type) and issubclass(kind, transformers.PreTrainedModel)):
        raise InputError(f"{config}: transformers has no model class {name!r}. Update transformers.")
    return Checkpoint(load_model(kind, model_folder).eval(), load_tokenizer(model_folder), model_folder)


def _refuse_code(path: Path, key: str) -> None:
    """Refuse what needs code that is not in transformers; code that comes with a known class is not looked at."""
    import transformers

    content = read_json(path) if path.is_file() else {}
    name = content.get(key)
    known = name in transformers.CONFIG_MAPPING if key == "model_type" else hasattr(transformers, str(name))
    if content.get("auto_map") and not known:
        raise InputError(f"{path}: `{key}` {name!r} needs code of its own (`auto_map`), and such code is never run.")


@contextmanager
def _one_line(name: str | Path) -> Iterator[None]:
    try:
        yield
    except MemoryError:
        raise InputError(f"{name}: larger than the memory of this machine.") from None
    except Exception as error:  # transformers, tokenizers and safetensors raise whatever a broken file leads to
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise InputError(f"{name}: cannot be loaded ({reason.strip().rstrip('.')}). Save the model again.") from error
