"""Vocabulary trimming: most of a multilingual encoder is embeddings that one run never touches."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, TypeVar

from datasets import Dataset
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from hf_mixtrain.encoders.pieces import Text, encode_texts, needed_ids, tokenizer_spec
from hf_mixtrain.encoders.renumbering import configured_ids, renumbered_model, renumbered_tokenizer
from hf_mixtrain.errors import InputError

__all__ = ["dataset_texts", "trim_vocabulary"]

_TEXT_COLUMNS = ("tokens", "premise", "hypothesis", "question", "context")
_Model = TypeVar("_Model", bound=PreTrainedModel)


def trim_vocabulary(
    model: _Model, tokenizer: PreTrainedTokenizerFast, texts: Iterable[Text]
) -> tuple[_Model, PreTrainedTokenizerFast]:
    """Keep only the pieces that ``texts`` use, with the same segmentation and outputs on those texts.

    XLM-R base has 278M parameters, 192M of them embeddings of 250,002 pieces; a run on a dozen languages uses a tenth
    of them. Without the rest, AdamW, gradients and surgery have that much less to carry, and a checkpoint is as small.
    Embeddings of pieces that do not occur get no gradient, so training goes the same way (weight decay on them aside).

    **What is lost.** The result knows the pieces of these texts alone. Any other text is cut into smaller pieces or
    becomes unknown, where the whole model would have read it, so a trimmed model is for measuring on known texts, and
    not one to release as a general one. A masked language model can only predict kept pieces, and its loss, a
    softmax over fewer, is lower. Give all the texts of a run: train, shots, dev and test. Test texts among
    them leak no label and, as every piece keeps its embedding, no more than a model that had all pieces would know.

    Args:
        model: A `transformers` model with one table of input embeddings and at most one output layer over pieces, tied
            or not. It is left as it is.
        tokenizer: Its fast tokenizer, of kind Unigram, BPE, WordPiece or WordLevel.
        texts: Strings, or lists of words for what is tokenized with ``is_split_into_words``. For pairs give both.

    Returns:
        A model that shares all parameters but the embeddings with ``model``, and a tokenizer. Both can be saved and
        loaded; ids of special tokens are the new ones in the configuration too. Added tokens, special tokens and, in
        tokenizers that spell unknown characters in bytes, the pieces for bytes are kept.

    Raises:
        InputError: If it could not be exact: a tokenizer that is slow or of another kind, or a model in which
            other weights depend on the vocabulary.

    Example:
        >>> model, tokenizer = trim_vocabulary(model, tokenizer, dataset_texts([train, test]))  # doctest: +SKIP
    """
    texts = list(texts)
    spec = tokenizer_spec(tokenizer)
    embeddings, tensors = _vocabulary_tensors(model)
    encoded = encode_texts(tokenizer, texts)
    ids = needed_ids(tokenizer, spec, texts, encoded)
    if max(ids) >= embeddings.num_embeddings:
        raise InputError(
            f"The tokenizer has id {max(ids)}, but the model only {embeddings.num_embeddings} embeddings. "
            "Give the tokenizer that belongs to the model."
        )
    order = _order(ids | configured_ids(model, embeddings), spec, embeddings.padding_idx)
    new_ids = {old: new for new, old in enumerate(order)}
    trimmed_tokenizer = renumbered_tokenizer(tokenizer, spec, new_ids)
    for text, old, new in zip(texts, encoded, encode_texts(trimmed_tokenizer, texts), strict=True):
        if [new_ids[i] for i in old.tolist()] != new.tolist():
            raise InputError(f"Trimming would cut {text!r} in another way. Do not trim this one.")
    return renumbered_model(model, embeddings, tensors, new_ids), trimmed_tokenizer


def dataset_texts(datasets: Iterable[Dataset]) -> Iterator[Text]:
    """Yield all that a tokenizer will read in raw data of any task: words, premises, questions and so on.

    Args:
        datasets: Raw rows, as `hf_mixtrain.data.load_fewshot` gives them.

    Example:
        >>> rows = Dataset.from_dict({"question": ["Who?"], "context": ["I am."], "answer": ["I"]})
        >>> list(dataset_texts([rows]))
        ['Who?', 'I am.']
    """
    for dataset in datasets:
        for column in _TEXT_COLUMNS:
            if column in dataset.column_names:
                yield from dataset[column]


def _vocabulary_tensors(model: PreTrainedModel) -> tuple[nn.Embedding, list[Tensor]]:
    """Return the input embeddings, and every parameter with one row per token id."""
    embeddings, output = model.get_input_embeddings(), model.get_output_embeddings()
    kind = type(model).__name__
    if not isinstance(embeddings, nn.Embedding):
        raise InputError(f"Trimming needs input embeddings in one table. {kind} has {type(embeddings).__name__}.")
    rows = embeddings.num_embeddings
    tensors = [embeddings.weight]
    if output is not None:
        tensors += [tensor for tensor in output.parameters(recurse=False) if tensor is not embeddings.weight]
    for name, tensor in chain(model.named_parameters(), model.named_buffers()):
        if any(tensor is known for known in tensors):
            if len(tensor) != rows:
                raise InputError(f"{kind} predicts {len(tensor)} pieces but reads {rows}. Do not trim this one.")
        elif rows in tensor.shape:
            raise InputError(
                f"Trimming cannot tell whether {name} of {kind}, with the shape {tuple(tensor.shape)}, "
                f"belongs to the {rows} pieces. Do not trim this one."
            )
    return embeddings, tensors


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
