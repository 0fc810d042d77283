"""Which piece carries the label, for the kinds of vocabulary there are."""

import pytest
from datasets import Dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from hf_mixtrain.data import featurize, load_task
from hf_mixtrain.data.features.label_pieces import bare_pieces, continuations
from hf_mixtrain.data.features.token_classification import IGNORED, tagging_features
from hf_mixtrain.data.rows import row_features

SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]
UNSPACED = "東京。กข"


def _ready(backend):
    ids = [("[CLS]", backend.token_to_id("[CLS]")), ("[SEP]", backend.token_to_id("[SEP]"))]
    backend.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B [SEP]", ids)
    names = {f"{token[1:-1].lower()}_token": token for token in SPECIAL}
    return PreTrainedTokenizerFast(tokenizer_object=backend, model_input_names=["input_ids", "attention_mask"], **names)


def sentencepiece(*, split_first):
    """As XLM-R and E5 have it: a mark for a space is a piece of its own where no piece joins it to the word."""
    pieces = [(piece, 0.0) for piece in SPECIAL]
    pieces += [(letter, -4.0) for letter in ("▁", *"abcnox", *UNSPACED)] + [("▁B", -3.0), ("onn", -3.0)]
    backend = Tokenizer(models.Unigram(pieces, unk_id=3))
    metaspace = pre_tokenizers.Metaspace()
    backend.pre_tokenizer = (
        pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), metaspace]) if split_first else metaspace
    )
    backend.decoder = decoders.Metaspace()
    return _ready(backend)


def single_bytes():
    """As ByT5 has it, in a fast form: every byte a piece, so every word begins with a space."""
    alphabet = [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    backend = Tokenizer(models.BPE(vocab={piece: at for at, piece in enumerate(alphabet)}, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    return _ready(backend)


KINDS = {
    "sentencepiece": lambda: sentencepiece(split_first=False),
    "sentencepiece after a split": lambda: sentencepiece(split_first=True),
    "bytes": single_bytes,
}


@pytest.fixture(scope="module", params=KINDS)
def marking(request):
    """A tokenizer that writes a space as a piece."""
    return KINDS[request.param]()


def feature(words, tokenizer, piece, further=None, tags=None):
    batch = {"tokens": [words], "tags": [tags or list(range(1, len(words) + 1))]}
    (found,) = tagging_features(batch, 0, tokenizer, 64, label_piece=piece, further=further)
    return tokenizer.convert_ids_to_tokens(found["input_ids"])[1:-1], found["labels"][1:-1]


def test_the_first_piece_may_be_nothing_but_a_space(marking):
    tokens, labels = feature(["東", "x"], marking, "first")
    assert tokens[0] in ("▁", "Ġ")
    assert labels[0] == 1


def test_in_scripts_without_spaces_the_bare_space_is_left_out(marking):
    for word in UNSPACED:
        tokens, labels = feature(["a", word], marking, "content")
        second = labels.index(2)
        assert tokens[second] not in ("▁", "Ġ")
        assert tokens.count("▁") + tokens.count("Ġ") == 1  # of the Latin letter alone


def test_in_scripts_without_spaces_a_joined_mark_is_left_out_too():
    pieces = [(piece, 0.0) for piece in SPECIAL] + [
        ("▁", -4.0),
        ("東", -4.0),
        ("▁東", -3.0),
        ("▁京", -3.0),
        ("▁B", -3.0),
    ]
    backend = Tokenizer(models.Unigram([*pieces, ("B", -4.0)], unk_id=3))
    backend.pre_tokenizer, backend.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    tokens, labels = feature(["東", "京", "B"], _ready(backend), "content")
    assert tokens == ["東", "▁京", "▁B"]  # there is no piece for the second without the mark
    assert labels == [1, 2, 3]


def test_in_other_scripts_it_stays_and_the_next_piece_carries_the_label(marking):
    first, _ = feature(["x", "ä"], marking, "first")
    tokens, labels = feature(["x", "ä"], marking, "content")
    assert tokens == first
    assert all(tokens[labels.index(tag)] not in ("▁", "Ġ") for tag in (1, 2))


def test_a_first_piece_with_content_carries_the_label_as_ever():
    tokenizer = sentencepiece(split_first=False)
    assert (
        feature(["Bonn"], tokenizer, "content")
        == feature(["Bonn"], tokenizer, "first")
        == (["▁B", "onn"], [1, IGNORED])
    )


def test_vocabularies_without_bare_spaces_give_the_same_features(bert, words, byte_levels):
    # WordPiece has no spaces; byte-level BPE that has joined the space to its letters has none alone.
    sentence = ["Bonn", "in", "東京", "Bon"]
    for tokenizer in (bert, words):
        assert feature(sentence, tokenizer, "content") == feature(sentence, tokenizer, "first")
    for tokenizer in byte_levels:
        assert feature(["Bonn"], tokenizer, "content") == feature(["Bonn"], tokenizer, "first")


def test_a_word_of_spaces_alone_keeps_a_labelled_piece(marking):
    for word in (" ", "▁", "Ġ"):
        _, labels = feature(["x", word, "y"], marking, "content")
        assert [label for label in labels if label != IGNORED] == [1, 2, 3]


def test_all_pieces_are_labelled_in_training_and_one_in_evaluation(marking):
    task = load_task("panx")
    rows = {"id": ["1"], "language": ["en"], "tokens": [["Bonn", "東京"]], "tags": [[1, 0]]}
    raw = Dataset.from_dict(rows, features=row_features(task))
    training = featurize(task, raw, marking, training=True, label_piece="all")[0]["labels"]
    evaluation = featurize(task, raw, marking, training=False, label_piece="all")[0]["labels"]
    assert [label for label in evaluation if label != IGNORED] == [1, 0]
    assert [label for label in training if label != IGNORED][:2] == [1, 2]  # B-PER and then I-PER
    assert training.index(1) == evaluation.index(1)
    assert training.count(0) > 1


def test_in_scripts_without_spaces_every_piece_is_one_that_the_model_can_tag(marking):
    task = load_task("panx")
    rows = {"id": ["1"], "language": ["th"], "tokens": [["กขก", "abc"]], "tags": [[1, 3]]}
    raw = Dataset.from_dict(rows, features=row_features(task))
    training = featurize(task, raw, marking, training=True, label_piece="content")[0]["labels"]
    evaluation = featurize(task, raw, marking, training=False, label_piece="content")[0]["labels"]
    assert [label for label in evaluation if label != IGNORED] == [1, 3]
    found = [label for label in training if label != IGNORED]
    assert found == [1, *[2] * (len(found) - 2), 3]  # B-PER, I-PER ..., and B-ORG on one piece of the Latin word
    assert len(found) > 3


def test_each_label_piece_has_features_of_its_own(empty_cache):
    task, tokenizer = load_task("panx"), sentencepiece(split_first=False)
    rows = {"id": ["1"], "language": ["en"], "tokens": [["東", "京"]], "tags": [[1, 2]]}
    raw = Dataset.from_dict(rows, features=row_features(task))
    found = [
        featurize(task, raw, tokenizer, training=True, label_piece=piece)[:] for piece in ("first", "content", "all")
    ]
    assert found[0] != found[1]
    assert len(list((empty_cache / "features").glob("*.arrow"))) == 3


def test_special_tokens_are_no_spaces(marking):
    is_bare = bare_pieces(marking)
    assert not any(is_bare(token) for token in marking.all_special_ids)


def test_pieces_after_the_first_are_inside():
    assert [load_task("panx").labels[at] for at in continuations(load_task("panx").labels)] == [
        "O", "I-PER", "I-PER", "I-ORG", "I-ORG", "I-LOC", "I-LOC",
    ]  # fmt: skip
