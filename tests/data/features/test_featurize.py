import pytest
import torch
from datasets import Dataset
from transformers import CanineTokenizer

from hf_mixtrain.data import data_collator, featurize, load_fewshot, load_task
from hf_mixtrain.data.rows import row_features
from hf_mixtrain.errors import InputError

TASKS = ("panx", "udpos", "xnli", "tydiqa")


@pytest.fixture(params=TASKS)
def data(request, xtreme_dir):
    languages = ["ko", "ru"] if request.param == "tydiqa" else ["de", "zh"]
    return load_fewshot(
        request.param,
        shots=5,
        seed=1,
        languages=languages,
        source=xtreme_dir,
        max_source_examples=20,
        max_eval_examples=10,
    )


def test_every_row_of_every_task_has_features_with_its_language_and_length(data, words):
    rows = data.test[data.languages[1]]
    found = featurize(data.task, rows, words, training=False)
    assert sorted(set(found["row"])) == list(range(len(rows)))
    assert set(found["language"]) == {data.languages[1]}
    assert found["length"][:] == [len(ids) for ids in found["input_ids"]]
    assert max(found["length"]) <= data.task.defaults["max_length"]
    training = featurize(data.task, data.mixed(), words, training=True)
    assert set(training["language"]) == set(data.languages)
    assert not {"row", "first_word", "offset_mapping", "max_context"} & set(training.features)


def test_batches_are_padded_to_their_own_longest_and_hold_model_inputs_alone(data, words):
    found = featurize(data.task, data.test["en"], words, training=False)
    batch = data_collator(data.task, words)([found[0], found[1]])
    assert batch["input_ids"].shape == (2, max(found["length"][:2]))
    targets = ("start_positions", "end_positions") if data.task.kind == "question-answering" else ("labels",)
    assert set(batch) == {"input_ids", "attention_mask", *targets}
    assert all(isinstance(values, torch.Tensor) for values in batch.values())


def test_the_same_rows_are_tokenised_once(data, words, empty_cache, monkeypatch):
    rows = data.test["en"]
    before = featurize(data.task, rows, words, training=False)
    monkeypatch.setattr("hf_mixtrain.data.cache._write", None)
    # However the rows came about: selected, or made anew.
    for again in (rows.select(range(len(rows))), Dataset.from_dict(rows[:], features=rows.features)):
        assert featurize(data.task, again, words, training=False)[:] == before[:]


def test_other_rows_lengths_tokenizers_and_uses_have_features_of_their_own(xtreme_dir, bert, words, empty_cache):
    rows = load_fewshot("panx", shots=0, seed=1, languages=["de"], source=xtreme_dir).test["de"].select(range(9))
    task = load_task("panx")
    settings = [(rows, bert, True, 32), (rows, bert, False, 32), (rows, bert, True, 24), (rows, words, True, 32)]
    settings.append((rows.select(range(8)), bert, True, 32))
    for dataset, tokenizer, training, length in settings:
        featurize(task, dataset, tokenizer, training=training, max_length=length)
    assert len(list((empty_cache / "features").glob("*.arrow"))) == len(settings)


def test_a_tokenizer_that_got_new_tokens_is_another_one(xtreme_dir, new_bert, empty_cache):
    rows = load_fewshot("panx", shots=0, seed=1, languages=["de"], source=xtreme_dir).test["de"].select(range(3))
    featurize(load_task("panx"), rows, new_bert, training=True)
    new_bert.add_tokens(["Bonn"])
    featurize(load_task("panx"), rows, new_bert, training=True)
    assert len(list((empty_cache / "features").glob("*.arrow"))) == 2


def test_windows_without_the_answer_can_be_left_out_of_training(xtreme_dir, words):
    rows = load_fewshot("tydiqa", shots=5, seed=1, languages=["ko"], source=xtreme_dir).train.select(range(40))
    task = load_task("tydiqa")
    found = featurize(task, rows, words, training=True, max_length=96, doc_stride=16)
    kept = featurize(task, rows, words, training=True, max_length=96, doc_stride=16, answerless_windows=False)
    assert 0 < len(kept) == sum(start > 0 for start in found["start_positions"]) < len(found)


def test_an_empty_data_set_has_no_features(words):
    task = load_task("panx")
    rows = Dataset.from_dict({name: [] for name in row_features(task)}, features=row_features(task))
    assert len(featurize(task, rows, words, training=False)) == 0


def test_a_slow_tokenizer_and_lengths_without_room_are_refused(xtreme_dir, bert):
    rows = load_fewshot("tydiqa", shots=0, seed=1, languages=["ko"], source=xtreme_dir).test["ko"]
    task = load_task("tydiqa")
    with pytest.raises(InputError, match=r"Expected a fast tokenizer.*found CanineTokenizer"):
        featurize(task, rows, CanineTokenizer(), training=True)
    with pytest.raises(InputError, match=r"`max_length` must be 8 or more\. Got 4"):
        featurize(task, rows, bert, training=True, max_length=4)
    with pytest.raises(InputError, match=r"`doc_stride` must be 1 or more\. Got -3"):
        featurize(task, rows, bert, training=True, doc_stride=-3)


def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch, bert, xtreme_dir):
    rows = load_fewshot("panx", shots=0, seed=1, languages=["de"], source=xtreme_dir).test["de"].select(range(2))
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HF_MIXTRAIN_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"file/features: expected a folder that can be written.*HF_MIXTRAIN_CACHE"):
        featurize(load_task("panx"), rows, bert, training=True)
