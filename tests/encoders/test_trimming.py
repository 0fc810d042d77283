import copy

import pytest
import torch
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoConfig, AutoTokenizer, CanineTokenizer

from hf_mixtrain.data import featurize, load_task
from hf_mixtrain.data.rows import row_features
from hf_mixtrain.encoders import dataset_texts, trim_vocabulary
from hf_mixtrain.errors import InputError

from .toys import MODELS, SPECIAL, TOKENIZERS, finish, model_for, tokenizer_of
from .translations import SENTENCES

some_sentences = st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=6)


def outputs(model, tokenizer, texts, split=False):
    batch = tokenizer(texts, return_tensors="pt", padding=True, is_split_into_words=split)
    with torch.no_grad():
        return model(**batch).logits


def segments(tokenizer, texts, split=False):
    return [encoding.tokens for encoding in tokenizer(texts, is_split_into_words=split).encodings]


@pytest.mark.parametrize("kind", TOKENIZERS)
@given(texts=some_sentences, split=st.booleans())
@settings(deadline=None, max_examples=15)
def test_segmentation_and_outputs_stay_the_same(kind, texts, split):
    tokenizer = tokenizer_of(kind)
    model = model_for("xlm-roberta", tokenizer)
    texts = [text.split() for text in texts] if split else texts
    trimmed, small = trim_vocabulary(model, tokenizer, texts)
    assert segments(small, texts, split) == segments(tokenizer, texts, split)
    torch.testing.assert_close(
        outputs(trimmed, small, texts, split), outputs(model, tokenizer, texts, split), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("name", MODELS)
@given(texts=some_sentences)
@settings(deadline=None, max_examples=5)
def test_every_kind_of_model_keeps_its_outputs(name, texts):
    tokenizer = tokenizer_of("unigram")
    model = model_for(name, tokenizer)
    trimmed, small = trim_vocabulary(model, tokenizer, texts)
    expected = outputs(model, tokenizer, texts)
    if "-lm" in name:
        # The trimmed model predicts the kept pieces, in its own order.
        expected = expected[..., tokenizer.convert_tokens_to_ids(small.convert_ids_to_tokens(range(len(small))))]
    torch.testing.assert_close(outputs(trimmed, small, texts), expected, rtol=0, atol=1e-6)
    assert trimmed.config.vocab_size == len(small) == trimmed.get_input_embeddings().num_embeddings


PIECES = [a + b + c for a in "ab" for b in ("", *"ab") for c in ("", *"ab")]
words = st.lists(st.text("abc", min_size=1, max_size=9), min_size=1, max_size=8)


def check_exact(backend, texts):
    tokenizer = finish(backend)
    _, small = trim_vocabulary(model_for("bert", tokenizer), tokenizer, texts)
    assert segments(small, texts) == segments(tokenizer, texts)


@given(scores=st.lists(st.floats(-30, 0), min_size=len(PIECES), max_size=len(PIECES)), texts=words)
@settings(deadline=None, max_examples=60)
def test_unigram_with_any_scores_is_exact(scores, texts):
    vocabulary = [(piece, 0.0) for piece in SPECIAL] + list(zip(dict.fromkeys(PIECES), scores, strict=False))
    check_exact(Tokenizer(models.Unigram(vocabulary, unk_id=3)), texts)


@given(pairs=st.permutations([(a, b) for a in PIECES[:6] for b in PIECES[:6]]), texts=words)
@settings(deadline=None, max_examples=60)
def test_bpe_with_any_order_of_merges_is_exact(pairs, texts):
    known, merges = [*SPECIAL, "a", "b"], []
    for left, right in pairs:
        if left in known and right in known:
            merges.append((left, right))
            known += [left + right] * (left + right not in known)
    check_exact(Tokenizer(models.BPE({piece: i for i, piece in enumerate(known)}, merges, unk_token="<unk>")), texts)


@given(heads=st.sets(st.sampled_from(PIECES)), tails=st.sets(st.sampled_from(PIECES)), texts=words)
@settings(deadline=None, max_examples=60)
def test_wordpiece_with_any_pieces_is_exact(heads, tails, texts):
    pieces = [*SPECIAL, *sorted(heads), *(f"##{tail}" for tail in sorted(tails))]
    backend = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    check_exact(backend, texts)


def test_unknown_stays_worse_than_a_piece_that_was_left_out():
    # "wxyz" is cut into "wx", "y", "z" (-27), as "w" costs too much. "w" is left out; were "rare" too, the unknown
    # would cost -19 (10 below "wx") instead of -55, and "wxyz" would become unknown and "xyz" (-20).
    scores = {"wx": -9.0, "y": -9.0, "z": -9.0, "xyz": -1.0, "w": -40.0, "rare": -45.0}
    vocabulary = [(piece, 0.0) for piece in SPECIAL] + list(scores.items())
    tokenizer = finish(Tokenizer(models.Unigram(vocabulary, unk_id=3)))
    _, small = trim_vocabulary(model_for("bert", tokenizer), tokenizer, ["wxyz", "xyz"])
    assert small.tokenize("wxyz") == tokenizer.tokenize("wxyz") == ["wx", "y", "z"]
    assert set(small.get_vocab()) == {*SPECIAL, "wx", "y", "z", "xyz", "rare"}


def test_word_that_was_unknown_stays_unknown_in_wordpiece():
    pieces = [*SPECIAL, "a", "ab", "##bc"]
    tokenizer = finish(Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="<unk>")))
    # "abc" takes the longest piece "ab" and is stuck; with "a" alone it would be "a", "##bc".
    assert tokenizer.tokenize("abc") == ["<unk>"]
    _, small = trim_vocabulary(model_for("bert", tokenizer), tokenizer, ["abc", "a", "abcbc"])
    assert small.tokenize("abc") == ["<unk>"]
    assert "ab" in small.get_vocab()


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_only_what_is_needed_is_kept_under_numbers_without_gaps(kind):
    tokenizer = tokenizer_of(kind)
    _, small = trim_vocabulary(model_for("bert", tokenizer), tokenizer, SENTENCES[:2])
    assert len(small) < len(tokenizer)
    assert sorted(small.get_vocab().values()) == list(range(len(small)))
    assert small.get_vocab().keys() <= tokenizer.get_vocab().keys()
    for name in ("bos", "cls", "eos", "sep", "pad", "unk", "mask"):
        assert getattr(small, f"{name}_token") == getattr(tokenizer, f"{name}_token")


@pytest.mark.parametrize("kind", ["unigram", "wordpiece", "wordlevel"])
def test_characters_of_other_texts_become_unknown(kind):
    _, small = trim_vocabulary(model_for("bert", tokenizer_of(kind)), tokenizer_of(kind), SENTENCES[:2])
    assert small("Ω", add_special_tokens=False)["input_ids"][-1] == small.unk_token_id


@pytest.mark.parametrize("kind", ["bpe-bytes", "bpe-no-prefix", "bpe-characters"])
def test_characters_of_other_texts_are_spelled_in_bytes_where_they_were(kind):
    _, small = trim_vocabulary(model_for("bert", tokenizer_of(kind)), tokenizer_of(kind), SENTENCES[:2])
    ids = small("☃", add_special_tokens=False)["input_ids"]
    assert len(ids) >= 3
    assert small.unk_token_id not in ids


@pytest.mark.parametrize("name", ["bert-lm", "bert-lm-untied", "roberta-lm", "distilbert-lm"])
def test_tied_weights_stay_tied_and_others_are_shared(name):
    tokenizer = tokenizer_of("unigram")
    model = model_for(name, tokenizer)
    trimmed, _ = trim_vocabulary(model, tokenizer, SENTENCES[:3])
    tied = trimmed.get_output_embeddings().weight is trimmed.get_input_embeddings().weight
    assert tied is not name.endswith("untied")
    before = {id(parameter) for parameter in model.parameters()}
    new = {key for key, parameter in trimmed.named_parameters() if id(parameter) not in before}
    assert all(trimmed.get_parameter(key).shape[0] == trimmed.config.vocab_size for key in new)
    assert len(new) < len(before) / 4


def test_the_given_model_and_tokenizer_are_left_as_they_are():
    tokenizer = tokenizer_of("unigram")
    model = model_for("bert-lm", tokenizer)
    config, state, vocabulary = model.config.to_dict(), copy.deepcopy(model.state_dict()), tokenizer.get_vocab()
    trim_vocabulary(model, tokenizer, SENTENCES[:3])
    assert (model.config.to_dict(), tokenizer.get_vocab()) == (config, vocabulary)
    torch.testing.assert_close(model.state_dict(), state, rtol=0, atol=0)


@pytest.mark.parametrize("kind", TOKENIZERS)
@pytest.mark.parametrize("name", ["bert-lm", "xlm-roberta"])
def test_saved_and_loaded_it_is_the_same(tmp_path, kind, name):
    tokenizer = tokenizer_of(kind)
    trimmed, small = trim_vocabulary(model_for(name, tokenizer), tokenizer, SENTENCES[:5])
    trimmed.save_pretrained(tmp_path)
    small.save_pretrained(tmp_path)
    loaded, report = type(trimmed).from_pretrained(tmp_path, output_loading_info=True)
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert segments(again, SENTENCES) == segments(small, SENTENCES)
    torch.testing.assert_close(outputs(loaded.eval(), again, SENTENCES[:5]), outputs(trimmed, small, SENTENCES[:5]))
    assert again.model_max_length == tokenizer.model_max_length


def test_ids_of_special_tokens_follow_the_new_numbers(tmp_path):
    pieces = ["a", "b", "c", *SPECIAL]
    tokenizer = finish(Tokenizer(models.WordLevel({piece: i for i, piece in enumerate(pieces)}, unk_token="<unk>")))
    tokenizer.add_tokens(["[LANG]"])
    assert tokenizer.pad_token_id == 4
    model = model_for("bert-lm", tokenizer, unk_token_id=6, mask_token_id=7)
    trimmed, small = trim_vocabulary(model, tokenizer, ["b"])
    # Padding keeps its number: RoBERTa counts positions from it.
    assert small.pad_token_id == trimmed.config.pad_token_id == trimmed.get_input_embeddings().padding_idx == 4
    assert small("b[LANG]").tokens() == ["<s>", "b", "[LANG]", "</s>"]
    trimmed.save_pretrained(tmp_path)
    config = AutoConfig.from_pretrained(tmp_path)
    for name in ("bos", "eos", "pad", "unk", "mask"):
        assert getattr(config, f"{name}_token_id") == getattr(small, f"{name}_token_id")
    assert config.vocab_size == len(small) == 7


def test_padding_that_must_move_is_refused_for_models_that_count_from_it():
    pieces = ["a", "b", "c", "<s>", "</s>", "<unk>", "<mask>", "d", "e", "<pad>"]
    tokenizer = finish(Tokenizer(models.WordLevel({piece: i for i, piece in enumerate(pieces)}, unk_token="<unk>")))
    with pytest.raises(InputError, match="padding_idx"):
        trim_vocabulary(model_for("roberta-lm", tokenizer), tokenizer, ["a"])
    _, small = trim_vocabulary(model_for("bert-lm", tokenizer), tokenizer, ["a"])
    assert small.pad_token_id == 5


def test_training_goes_the_same_way():
    tokenizer = tokenizer_of("unigram")
    model = model_for("xlm-roberta", tokenizer)
    texts = SENTENCES[:4]
    trimmed, small = trim_vocabulary(copy.deepcopy(model), tokenizer, texts)
    for trained, own in ((model, tokenizer), (trimmed, small)):
        optimizer = torch.optim.SGD(trained.parameters(), lr=0.1)
        batch = own(texts, return_tensors="pt", padding=True)
        for _ in range(3):
            trained(**batch).logits.logsumexp(-1).mean().backward()
            optimizer.step()
            optimizer.zero_grad()
    torch.testing.assert_close(outputs(trimmed, small, texts), outputs(model, tokenizer, texts), rtol=0, atol=1e-6)


def test_words_and_whole_texts_may_be_mixed_and_nothing_may_be_given():
    tokenizer = tokenizer_of("unigram")
    model = model_for("bert", tokenizer)
    texts = iter([SENTENCES[0], SENTENCES[1].split(), [], "", ()])
    _, small = trim_vocabulary(model, tokenizer, texts)
    assert segments(small, SENTENCES[:1]) == segments(tokenizer, SENTENCES[:1])
    assert segments(small, [SENTENCES[1].split()], split=True) == segments(
        tokenizer, [SENTENCES[1].split()], split=True
    )
    assert len(trim_vocabulary(model, tokenizer, [])[1]) == len(SPECIAL) + 1


@pytest.mark.parametrize("option", ["dropout", "continuing_subword_prefix", "end_of_word_suffix"])
def test_bpe_that_cannot_be_exact_is_refused(option):
    settings = {option: 0.1 if option == "dropout" else "@"}
    backend = Tokenizer(models.BPE({piece: i for i, piece in enumerate([*SPECIAL, "a"])}, [], **settings))
    tokenizer = finish(backend)
    with pytest.raises(InputError, match=option):
        trim_vocabulary(model_for("bert", tokenizer), tokenizer, ["a"])


def test_tokenizer_of_another_model_is_refused():
    small = finish(Tokenizer(models.WordLevel({piece: i for i, piece in enumerate(SPECIAL)}, unk_token="<unk>")))
    with pytest.raises(InputError, match="belongs to the model"):
        trim_vocabulary(model_for("bert", small), tokenizer_of("unigram"), SENTENCES)


def test_model_that_got_adapters_is_refused():
    tokenizer = tokenizer_of("unigram")
    model = model_for("bert", tokenizer)
    model.register_parameter("adapter", torch.nn.Parameter(torch.zeros(1)))
    with pytest.raises(InputError, match=r"adapter after it was built. Trim it before that"):
        trim_vocabulary(model, tokenizer, SENTENCES)


def test_slow_tokenizer_is_refused():
    with pytest.raises(InputError, match=r"fast tokenizer.*CanineTokenizer"):
        trim_vocabulary(model_for("bert", tokenizer_of("unigram")), CanineTokenizer(), SENTENCES)


def raw_rows(task):
    rows = []
    for first, second in zip(SENTENCES[::9], SENTENCES[1::9], strict=True):
        words = first.split()
        answers = {"text": [words[0]], "answer_start": [0]}
        columns = {"tokens": words, "tags": [0] * len(words), "premise": first, "hypothesis": second, "label": 0}
        columns |= {"context": first, "question": second, "answers": answers, "language": "de", "id": f"{len(rows)}"}
        rows.append({name: columns[name] for name in row_features(task)})
    return Dataset.from_list(rows, features=row_features(task))


@pytest.mark.parametrize("kind", TOKENIZERS)
@pytest.mark.parametrize("task", ["panx", "xnli", "tydiqa"])
def test_features_of_a_run_are_the_same_under_new_numbers(tmp_path, monkeypatch, kind, task):
    monkeypatch.setenv("HF_MIXTRAIN_CACHE", str(tmp_path))
    tokenizer = tokenizer_of(kind)
    rows = raw_rows(load_task(task))
    _, small = trim_vocabulary(model_for("bert", tokenizer), tokenizer, dataset_texts([rows]))
    before, after = (featurize(load_task(task), rows, own, training=True, max_length=48) for own in (tokenizer, small))
    assert len(small) < len(tokenizer)
    assert len(before) == len(after) > 0
    for old, new in zip(before["input_ids"], after["input_ids"], strict=True):
        assert small.convert_ids_to_tokens(new) == tokenizer.convert_ids_to_tokens(old)


def test_the_embedded_encoder_keeps_its_outputs(e5_model, e5_tokenizer):
    texts = SENTENCES[::7]
    trimmed, small = trim_vocabulary(e5_model, e5_tokenizer, texts)
    assert segments(small, texts) == segments(e5_tokenizer, texts)
    assert len(small) < 300
    with torch.no_grad():
        before, after = (
            model(**tokenizer(texts, return_tensors="pt", padding=True)).last_hidden_state
            for model, tokenizer in ((e5_model, e5_tokenizer), (trimmed, small))
        )
    torch.testing.assert_close(after, before, rtol=0, atol=1e-6)
