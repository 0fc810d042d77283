"""The way back from a trimmed vocabulary: what was learned, among all pieces of the encoder."""

from typing import TypeVar

from transformers import PreTrainedModel, PreTrainedTokenizerFast

from hf_mixtrain.encoders.renumbering import input_embeddings, renumbered_model
from hf_mixtrain.encoders.trimming import vocabulary_dimensions
from hf_mixtrain.errors import InputError

_Model = TypeVar("_Model", bound=PreTrainedModel)


def restore_vocabulary(
    model: _Model,
    tokenizer: PreTrainedTokenizerFast,
    whole: PreTrainedModel,
    whole_tokenizer: PreTrainedTokenizerFast,
) -> _Model:
    """Give a trained model of a trimmed vocabulary the pieces back that it was trained without.

    The result is what training with all pieces would have made: a piece that no text of the training has gets no
    gradient, so its embedding stays that of the encoder (but for weight decay, which would have made it smaller).

    Args:
        model: A model, trained or not, that began as one from `trim_vocabulary`; it is left as it is.
        tokenizer: Its tokenizer.
        whole: The model that was trimmed; only its input embeddings are read. They may be of another class of model.
        whole_tokenizer: The tokenizer of ``whole``, which is that of the result too.

    Returns:
        A model of the class of ``model`` that reads all pieces, and shares all parameters but the embeddings with it.

    Raises:
        InputError: If ``tokenizer`` has a piece that ``whole_tokenizer`` does not have, if the embeddings differ in
            width, or if more of the model than its input embeddings depends on the vocabulary (a language model's
            head).

    Example:
        >>> from tokenizers import Tokenizer, models
        >>> from transformers import BertConfig, BertModel
        >>> from hf_mixtrain.encoders import trim_vocabulary
        >>> words = models.WordLevel({"?": 0, "a": 1, "cat": 2, "dog": 3}, unk_token="?")
        >>> tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(words), unk_token="?")
        >>> whole = BertModel(BertConfig(vocab_size=4, hidden_size=12, num_hidden_layers=1))
        >>> trimmed, its_tokenizer = trim_vocabulary(whole, tokenizer, ["dog"])
        >>> restored = restore_vocabulary(trimmed, its_tokenizer, whole, tokenizer)
        >>> bool((restored.get_input_embeddings().weight == whole.get_input_embeddings().weight).all())
        True
    """
    embeddings, table = input_embeddings(model), input_embeddings(whole).weight
    if len(tokenizer) != embeddings.num_embeddings or embeddings.embedding_dim != table.shape[1]:
        raise InputError(
            f"Expected a model with {len(tokenizer)} embeddings of width {table.shape[1]}, as its tokenizer and the "
            f"whole model have. Got {embeddings.num_embeddings} of width {embeddings.embedding_dim}."
        )
    dimensions = vocabulary_dimensions(model)
    if dimensions != {id(embeddings.weight): 0}:
        raise InputError(
            f"More of {type(model).__name__} than its input embeddings depends on the vocabulary. "
            "Train this one with its whole vocabulary."
        )
    ids = whole_tokenizer.get_vocab()
    new_ids = {}
    for piece, old in tokenizer.get_vocab().items():
        if piece not in ids:
            raise InputError(f"The whole tokenizer has no piece {piece!r}. Give the one that was trimmed.")
        new_ids[old] = ids[piece]
    return renumbered_model(model, dimensions, new_ids, within=table)
