"""What can be known before a training is said before it, all of it at once."""

import logging

import pytest
from transformers import BertConfig, DebertaV2Config, RobertaConfig

from hf_mixtrain.data import Task
from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.grid_data import GridData
from hf_mixtrain.experiment.input_limit import longest_input
from hf_mixtrain.experiment.preflight import check_before_training
from hf_mixtrain.experiment.run_arguments import RunArguments
from hf_mixtrain.experiment.settings import Settings

FOLDER = {split: f"{split}-{{language}}.tsv" for split in ("train", "dev", "test")}


def task(**values) -> Task:
    given = {"labels": ("O", "B-PER", "I-PER"), "metric": "f1", "folder": FOLDER, **values}
    return Task("own", "Own", "token-classification", ("en", "de", "sw"), **given)


@pytest.fixture
def folder(tmp_path):
    for split in FOLDER:
        for language in ("en", "de", "sw"):
            (tmp_path / f"{split}-{language}.tsv").write_text(f"Ada{language}{split}\tB-PER\nkam\tO\n\n" * 3)
    return tmp_path


def faults(folder, own=None, **run) -> list[str]:
    run = {"method": ["mix-ft"], "shots": [2], "data_source": str(folder), "model_name_or_path": "none", **run}
    settings = Settings.from_values(RunArguments(**run), own or task(), {"use_cpu": True})
    try:
        check_before_training(settings, online=False)
    except InputError as error:
        return error.faults
    return []


def test_good_data_have_no_fault(folder):
    assert faults(folder) == []


def test_all_faults_are_told_at_once_with_file_and_line(folder):
    (folder / "train-de.tsv").write_text("Ada\tB-PERSON\n")
    (folder / "test-sw.tsv").write_text("Ada\tB-PER\nkam O\n")
    (folder / "dev-en.tsv").write_text("")
    found = faults(folder, task(defaults={"learning_rte": 1e-3}))
    assert len(found) == 4
    for text in ("'learning_rate'", "train-de.tsv:1:", "test-sw.tsv:2:", "dev-en.tsv: expected"):
        assert sum(text in fault for fault in found) == 1, (text, found)


def test_a_test_set_in_which_nothing_can_be_right_is_a_fault(folder, caplog):
    (folder / "test-de.tsv").write_text("kam\tO\n\nging\tO\n")
    (found,) = faults(folder)
    assert found.startswith("test of de: expected right answers to score 100 in f1, found 0.0")
    with caplog.at_level(logging.WARNING):
        assert faults(folder, max_eval_examples=1) == []
    assert "test of de: expected right answers" in caplog.text


def test_dev_data_are_needed_where_a_model_is_selected_on_them(folder):
    (folder / "dev-de.tsv").unlink()
    (folder / "dev-en.tsv").unlink()
    assert faults(folder) == []
    (found,) = faults(folder, select_on="source-dev")
    assert "expected dev data of en to select a model on" in found


def test_what_cannot_be_fetched_is_not_looked_at(folder):
    assert faults("hub") == []


def test_too_few_shots_are_a_fault_if_all_k_are_wanted(folder):
    assert faults(folder, shots=[9]) == []
    (found,) = faults(folder, shots=[9], strict_shots=True)
    assert "expected at least 9 for 9 shots, found only 3 examples" in found


@pytest.mark.parametrize(
    ("config", "tokenizer", "limit"),
    [
        (BertConfig(max_position_embeddings=512), None, 512),
        (BertConfig(max_position_embeddings=512), 128, 128),
        (RobertaConfig(max_position_embeddings=514, pad_token_id=1), int(1e30), 512),
        (DebertaV2Config(max_position_embeddings=512), None, None),
    ],
)
def test_a_model_reads_as_many_tokens_as_it_has_positions(config, tokenizer, limit):
    assert longest_input(config, tokenizer) == limit


def test_a_longer_max_length_than_the_model_reads_is_a_fault(folder, tmp_path_factory):
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    model = tmp_path_factory.mktemp("model")
    BertConfig(max_position_embeddings=40).save_pretrained(model)
    words = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]").save_pretrained(model)
    (found,) = faults(folder, model_name_or_path=str(model))
    assert found.startswith("--max_length 128: expected at most 40 tokens")
    assert faults(folder, model_name_or_path=str(model), max_length=40) == []


@pytest.fixture
def unlearnt(folder):
    (folder / "test-de.tsv").write_text("Ada\tB-PER\nkam\tI-PER\n")
    return folder


def test_a_label_without_a_training_row_is_told_once_and_is_no_fault(unlearnt, caplog):
    assert faults(unlearnt) == []
    run = RunArguments(method=["mix-ft"], shots=[1, 2], seeds=[1, 2], data_source=str(unlearnt))
    grid_data = GridData(Settings.from_values(run, task(), {"use_cpu": True}))
    with caplog.at_level(logging.WARNING):
        found = [grid_data.of(shots, seed).warnings for shots in (1, 2) for seed in (1, 2)]
    assert all(
        any(warning.endswith(": 'I-PER' (de). No model learns them.") for warning in warnings) for warnings in found
    )
    assert caplog.text.count("'I-PER' (de)") == 1
