"""Vocabulary trimming: most of a multilingual encoder is embeddings that one run never touches."""

import copy
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import torch
from datasets import Dataset
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from hf_mixtrain.encoders.pieces import Text, encode_texts, needed_ids, tokenizer_spec
from hf_mixtrain.encoders.renumbering import configured_ids, input_embeddings, renumbered_model, renumbered_tokenizer
from hf_mixtrain.errors import InputError

_TEXT_COLUMNS = ("premise", "hypothesis", "question", "context")
_Model = TypeVar("_Model", bound=PreTrainedModel)


def trim_vocabulary(
    model: _Model, tokenizer: PreTrainedTokenizerFast, texts: Iterable[Text]
) -> tuple[_Model, PreTrainedTokenizerFast]:
    """Keep only the pieces that ``texts`` use, with the same segmentation and outputs on those texts.

    Of the 278M parameters of XLM-R base, 192M are embeddings of its 250,002 pieces, and PAN-X in 13 languages uses a
    seventh of these. Without the others there is that much less to load, to update, to project and to save. They get
    no gradient in a run on these texts, so training goes the same way, but for weight decay on what is not used.

    **What is lost.** The result knows the pieces of these texts alone. It cuts other text into smaller pieces or does
    not know it at all, where the whole model would have read it: it is for training and measuring on known texts.
    `restore_vocabulary` makes a general model of it again. A masked language model predicts kept pieces only, and its
    loss, a softmax over fewer of them, is lower. Give all texts of a run: train, shots, dev and test. Test texts among
    them leak no label, and the model knows no more about them than with all pieces.

    Args:
        model: Any `transformers` model, as it was built or loaded, before adapters. It is left as it is.
        tokenizer: Its fast tokenizer, of kind Unigram, BPE, WordPiece or WordLevel.
        texts: Strings, or lists of words for what is tokenized with ``is_split_into_words``. Of pairs, both texts.
            `dataset_texts` gives those of raw data.

    Returns:
        A model that shares all parameters with ``model`` but those with one row per piece, and a tokenizer. Both can be
        saved and loaded. Special and added tokens are kept, under new ids that the configuration has as well; so
        are the pieces for bytes, where a tokenizer spells unknown characters in bytes.

    Raises:
        InputError: If it would not be exact: for a slow tokenizer or one of another kind, for a tokenizer of another
            model, or for a model that depends on the vocabulary in a way that is not known here.

    Example:
        >>> from tokenizers import Tokenizer, models
        >>> from transformers import BertConfig, BertModel
        >>> words = models.WordLevel({"?": 0, "a": 1, "cat": 2, "dog": 3}, unk_token="?")
        >>> tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(words), unk_token="?")
        >>> model = BertModel(BertConfig(vocab_size=4, hidden_size=12, num_hidden_layers=1))
        >>> model, tokenizer = trim_vocabulary(model, tokenizer, ["dog"])
        >>> tokenizer("dog")["input_ids"], model.get_input_embeddings().num_embeddings
        ([1], 2)
    """
    texts = list(texts)
    spec = tokenizer_spec(tokenizer)
    dimensions = vocabulary_dimensions(model)
    encoded = encode_texts(tokenizer, texts)
    ids = needed_ids(tokenizer, spec, texts, encoded)
    embeddings = input_embeddings(model)
    if max(ids) >= embeddings.num_embeddings:
        raise InputError(
            f"The tokenizer has id {max(ids)}, but the model only {embeddings.num_embeddings} embeddings. "
            "Give the tokenizer that belongs to the model."
        )
    order = _order(ids | configured_ids(model), spec, embeddings.padding_idx)
    new_ids = {old: new for new, old in enumerate(order)}
    trimmed_tokenizer = renumbered_tokenizer(tokenizer, spec, new_ids)
    for text, old, new in zip(texts, encoded, encode_texts(trimmed_tokenizer, texts), strict=True):
        if [new_ids[i] for i in old.tolist()] != new.tolist():
            raise InputError(f"Trimming would cut {text!r} in another way. Do not trim this one.")
    return renumbered_model(model, dimensions, new_ids), trimmed_tokenizer


def dataset_texts(datasets: Iterable[Dataset]) -> Iterator[Text]:
    """Yield what `hf_mixtrain.data.featurize` will give to a tokenizer, for `trim_vocabulary`.

    Args:
        datasets: Raw rows of any task, as `hf_mixtrain.data.load_fewshot` returns them.

    Example:
        >>> questions = Dataset.from_dict({"question": ["Who?"], "context": ["I am."], "answer": ["I"]})
        >>> sentences = Dataset.from_dict({"tokens": [["Ada", "runs"]]})
        >>> list(dataset_texts([questions, sentences]))
        ['Who?', 'I am.', [' Ada', ' runs']]
    """
    for dataset in datasets:
        for column in _TEXT_COLUMNS:
            if column in dataset.column_names:
                yield from filter(None, dataset[column])
        if "tokens" in dataset.column_names:
            # A tokenizer that minds the space before a word gets it; to the others it makes no difference.
            yield from ([f" {word}" for word in words] for words in dataset["tokens"])


def vocabulary_dimensions(model: PreTrainedModel) -> dict[int, int]:
    """Return, for each tensor of which one dimension is the vocabulary, its `id` and that dimension.

    They are found by building the model once more, without memory, for a vocabulary with one piece more.
    """
    kind, config = type(model).__name__, copy.deepcopy(model.config)
    size = input_embeddings(model).num_embeddings
    config.get_text_config().vocab_size += 1
    with torch.device("meta"):
        larger = dict(_named_tensors(type(model)(config)))
    dimensions: dict[int, int] = {}
    for name, tensor in _named_tensors(model):
        if name not in larger:
            raise InputError(f"{kind} was given {name} after it was built. Trim it before that.")
        pairs = enumerate(zip(tensor.shape, larger[name].shape, strict=True))
        changed = [(dimension, *sizes) for dimension, sizes in pairs if sizes[0] != sizes[1]]
        if changed and changed != [(changed[0][0], size, size + 1)]:
            raise InputError(f"{name} of {kind} depends on the vocabulary in an unknown way. Do not trim this one.")
        dimensions |= {id(tensor): dimension for dimension, *_ in changed}
    return dimensions


def _named_tensors(model: PreTrainedModel) -> Iterator[tuple[str, Tensor]]:
    yield from model.named_parameters(remove_duplicate=False)
    yield from model.named_buffers(remove_duplicate=False)


def _order(ids: set[int], spec: dict[str, Any], padding: int | None) -> list[int]:
    """Return the old ids in their new order: as it was, but padding keeps its id where that can be."""
    vocabulary = spec["model"]["vocab"]
    pieces = set(vocabulary.values()) if isinstance(vocabulary, dict) else set(range(len(vocabulary)))
    added = {token["id"] for token in spec["added_tokens"]}
    # A tokenizer numbers the tokens that were added to its vocabulary behind it.
    order = sorted(ids, key=lambda old: (old not in pieces, old not in added, old))
    if padding is not None and padding in pieces:
        # RoBERTa counts positions from the id of padding.
        order.remove(padding)
        order.insert(padding, padding)
    return order
