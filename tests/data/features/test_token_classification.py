import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_mixtrain.data import load_task, open_source
from hf_mixtrain.data.features.token_classification import IGNORED, cut_at_words, tagging_features

# Words of all kinds: unknown letters, nothing visible, nothing at all, inner spaces, longer than a whole feature.
WORDS = st.one_of(
    st.sampled_from(["Bonn", "in", "\u200b", "", " ", "\ufeff", "東京", "München", "New York", "a" * 40, "\u200b" * 9]),
    st.text(max_size=12),
).filter(lambda word: not any("\ud800" <= char <= "\udfff" for char in word))
SENTENCES = st.lists(st.lists(st.tuples(WORDS, st.integers(0, 6)), max_size=30), min_size=1, max_size=4)


def features_of(sentences, tokenizer, max_length=16, first_row=0) -> list[dict]:
    batch = {
        name: [[pair[at] for pair in sentence] for sentence in sentences] for at, name in enumerate(("tokens", "tags"))
    }
    return list(tagging_features(batch, first_row, tokenizer, max_length))


@given(sentences=SENTENCES, max_length=st.integers(8, 24))
def test_every_word_is_labelled_once_and_the_pieces_of_a_sentence_join_to_the_whole(tokenizer, sentences, max_length):
    joined: dict[int, list[int]] = {row: [] for row in range(len(sentences))}
    for feature in features_of(sentences, tokenizer, max_length):
        assert len(feature["input_ids"]) == len(feature["labels"]) == len(feature["attention_mask"]) <= max_length
        assert feature["first_word"] == len(joined[feature["row"]])
        found = [label for label in feature["labels"] if label != IGNORED]
        assert found
        joined[feature["row"]] += found
    assert joined == {row: [tag for _, tag in sentence] for row, sentence in enumerate(sentences)}


def test_the_first_sub_word_carries_the_label(bert):
    (feature,) = features_of([[("Bonn", 5), ("an", 0)]], bert)
    assert bert.convert_ids_to_tokens(feature["input_ids"]) == ["[CLS]", "B", "##o", "##n", "##n", "an", "[SEP]"]
    assert feature["labels"] == [IGNORED, 5, IGNORED, IGNORED, IGNORED, 0, IGNORED]
    assert feature["token_type_ids"] == [0] * 7


def test_a_short_sentence_reads_as_the_tokenizer_reads_it(tokenizer):
    words = ["Bonn", "in", "Berlin", "Bonn", "?"]
    (feature,) = features_of([[(word, 0) for word in words]], tokenizer, max_length=64)
    space = (
        " " if tokenizer(["in", "in"], is_split_into_words=True)["input_ids"] != tokenizer("in in")["input_ids"] else ""
    )
    whole = tokenizer([space + word for word in words], is_split_into_words=True)
    assert {name: feature[name] for name in whole} == dict(whole)


def test_words_of_byte_level_tokenizers_are_read_as_after_a_space(byte_levels):
    ids = [features_of([[("Bonn", 0), ("Bonn", 0)]], tokenizer)[0]["input_ids"] for tokenizer in byte_levels]
    assert ids[0] == ids[1]
    assert byte_levels[0].convert_ids_to_tokens(ids[0]) == ["[CLS]", "ĠBon", "n", "ĠBon", "n", "[SEP]"]


def test_a_word_of_which_the_tokenizer_leaves_nothing_is_read_as_unknown(bert, xlmr):
    (feature,) = features_of([[("in", 0), ("\u200b", 3), ("in", 0)]], bert)
    assert bert.convert_ids_to_tokens(feature["input_ids"])[3] == "[UNK]"
    assert feature["labels"][3] == 3
    (feature,) = features_of([[("", 4)]], xlmr)
    assert (feature["input_ids"][1], feature["labels"][1]) == (xlmr.unk_token_id, 4)


def test_a_word_longer_than_a_feature_is_cut_inside(bert):
    first, second, third = features_of([[("a", 1), ("b" * 99, 2), ("c", 3)]], bert, max_length=8)
    assert [first["labels"][1], second["labels"][1], third["labels"][1]] == [1, 2, 3]
    assert len(second["input_ids"]) == 8


def test_a_sentence_without_words_has_no_feature_and_row_numbers_go_on(bert):
    assert features_of([[]], bert) == []
    assert [feature["row"] for feature in features_of([[], [("a", 0)], [], [("b", 0)]], bert, first_row=100)] == [
        101,
        103,
    ]


@given(st.lists(st.integers(1, 9), max_size=30), st.integers(1, 12))
def test_runs_of_words_fit_cover_all_and_could_not_be_longer(sizes, room):
    runs = list(cut_at_words(sizes, room))
    assert [word for start, stop in runs for word in range(start, stop)] == list(range(len(sizes)))
    for start, stop in runs:
        assert sum(sizes[start:stop]) <= room or stop == start + 1
        assert stop == len(sizes) or sum(sizes[start : stop + 1]) > room


@pytest.mark.parametrize("name", ["ta", "ja", "de"])
def test_no_word_of_real_sentences_is_lost(xtreme_dir, xlmr, name):
    rows = open_source(xtreme_dir, load_task("panx")).read(name, "train")
    found = list(tagging_features(rows[:], 0, xlmr, 32))
    labels = [label for feature in found for label in feature["labels"] if label != IGNORED]
    assert labels == [tag for tags in rows["tags"] for tag in tags]
