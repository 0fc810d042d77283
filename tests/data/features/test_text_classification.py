from hypothesis import given
from hypothesis import strategies as st

from hf_mixtrain.data.features.text_classification import pair_features

TEXTS = st.text("Bonin .", max_size=40)


def features_of(rows, tokenizer, max_length=16) -> list[dict]:
    batch = {name: [row[at] for row in rows] for at, name in enumerate(("premise", "hypothesis", "label"))}
    return sorted(pair_features(batch, 0, tokenizer, max_length), key=lambda feature: feature["row"])


@given(rows=st.lists(st.tuples(TEXTS, TEXTS, st.integers(0, 2)), min_size=1, max_size=6))
def test_each_row_is_read_as_the_tokenizer_reads_it_alone(tokenizer, rows):
    for row, feature in zip(rows, features_of(rows, tokenizer), strict=True):
        alone = tokenizer(row[0], row[1] or None, truncation="longest_first", max_length=16)
        assert {name: feature[name] for name in alone} == dict(alone)
        assert feature["labels"] == row[2]


def test_the_longer_text_is_shortened(bert):
    (feature,) = features_of([("B" * 3, "o" * 40, 1)], bert)
    assert bert.convert_ids_to_tokens(feature["input_ids"])[:5] == ["[CLS]", "B", "##B", "##B", "[SEP]"]
    assert len(feature["input_ids"]) == 16
    assert feature["token_type_ids"] == [0] * 5 + [1] * 11
