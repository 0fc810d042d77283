"""Texts with several labels, numbers, and questions without an answer: from files to predictions."""

import json

import pytest
import torch
from transformers import BertForQuestionAnswering

import hf_mixtrain
from hf_mixtrain.commands.main import main
from hf_mixtrain.prediction import Reading, read_reading, write_reading
from tests.experiment.tiny_task import NAMES, PLACES, encoder_dir

__all__ = ["encoder_dir"]


def rows_of(language, problem, count):
    for number in range(count):
        name, place = NAMES[language][number % 3], PLACES[language][number % 2]
        several = ["name"] * (number % 4 != 1) + ["place"] * (number % 4 != 2)
        text = " ".join([name] * ("name" in several) + [place] * ("place" in several))
        yield {"text": text, "label": several if problem == "multi_label_classification" else 3.0 * (number % 4 == 1)}


@pytest.fixture
def cell(tmp_path, encoder_dir):
    """Runs a grid of one cell on an own task and returns its folder."""

    def make(problem, metric):
        head = "labels: [name, place]\n" if problem == "multi_label_classification" else ""
        (tmp_path / "task.yaml").write_text(
            f"name: mine\nkind: text-classification\nlanguages: [en, de]\nmetric: {metric}\nproblem_type: {problem}\n"
            f"{head}columns: {{premise: text}}\n"
            "folder: {train: 'train-{language}.jsonl', dev: 'dev-{language}.jsonl', test: 'test-{language}.jsonl'}\n"
        )
        for language in ("en", "de"):
            for split, count in (("train", 48), ("dev", 8), ("test", 16)):
                lines = (json.dumps(row) + "\n" for row in rows_of(language, problem, count))
                (tmp_path / f"{split}-{language}.jsonl").write_text("".join(lines))
        flags = ["--task", tmp_path / "task.yaml", "--data_source", tmp_path, "--model_name_or_path", encoder_dir]
        flags += ["--method", "naive-mix-train", "--shots", "8", "--max_length", "16", "--learning_rate", "1e-2"]
        flags += ["--num_train_epochs", "6", "--per_device_train_batch_size", "8", "--gradient_accumulation_steps", "1"]
        flags += ["--use_cpu", "true", "--save_strategy", "no", "--save_predictions", "--output_dir", tmp_path / "out"]
        assert main(["run", *map(str, flags)]) == 0
        return tmp_path / "out/mine/naive-mix-train/k8/seed1"

    return make


def test_several_labels_of_a_text_are_learnt_scored_and_predicted(cell):
    folder = cell("multi_label_classification", "micro_f1")
    results = json.loads((folder / "results.json").read_text())
    assert results["scores"]["en"]["micro_f1"] > 90
    both, one = hf_mixtrain.predict(folder, ["Ann York", "Hull"])
    assert both["labels"] == ["name", "place"]
    assert one["labels"] == ["place"] == [one["label"]]
    assert one["scores"]["name"] < 0.5 < one["score"]
    kept = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    assert {len(row["gold"]) for row in kept} == {1, 2}


def test_numbers_are_learnt_scored_and_predicted(cell):
    folder = cell("regression", "pearson")
    assert json.loads((folder / "results.json").read_text())["scores"]["en"]["pearson"] > 90
    place, name = hf_mixtrain.predict(folder, ["Hull", "Ann"])
    assert list(place) == ["text", "value"]
    assert place["value"] > name["value"] + 1


def test_questions_may_have_no_answer_only_where_some_had_none_in_training(reader, tmp_path, tokenizer):
    model = BertForQuestionAnswering.from_pretrained(reader)
    with torch.no_grad():
        # The first token is the likeliest start and end: the sign for no answer.
        towards, table = model.qa_outputs.weight.sum(0).sign(), model.bert.embeddings.word_embeddings.weight
        table[tokenizer.convert_tokens_to_ids("▁York")] = -5 * towards
        table[tokenizer.cls_token_id] = 5 * towards
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    question = {"question": "Where?", "context": "Ann visits York ."}
    for may_be_empty in (False, True):
        reading = Reading("qa", "question-answering", {"max_length": 32, "doc_stride": 16}, may_be_empty=may_be_empty)
        write_reading(tmp_path, reading)
        assert read_reading(tmp_path) == reading
        (found,) = hf_mixtrain.predict(tmp_path, [question])
        assert (found["answer"] == "") == may_be_empty
        assert 0 < found["score"] <= 1
