"""Predictions as files: read back as XTREME's script reads them."""

import json

from datasets import Dataset

from hf_mixtrain.evaluation import write_predictions

from .toys import PAIRS, TAGGING


def read_as_xtreme(path):
    """Sentences end at an empty line."""
    sentences, tags = [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line:
            tags.append(line)
        else:
            sentences.append(tags)
            tags = []
    return [*sentences, tags] if tags else sentences


def test_tags_have_a_line_each_and_sentences_end_with_an_empty_line(tmp_path):
    raw = Dataset.from_dict({"id": ["1", "2", "3"]})
    predictions = [["O", "B-PER"], [], ["I-LOC"]]
    path = write_predictions(tmp_path, TAGGING, "sw", raw, predictions)
    assert path == tmp_path / "mine" / "test-sw.tsv"
    assert read_as_xtreme(path) == predictions


def test_labels_have_a_line_each(tmp_path):
    raw = Dataset.from_dict({"id": ["1", "2"]})
    path = write_predictions(tmp_path, PAIRS, "de", raw, ["neutral", "entailment"], split="dev")
    assert path == tmp_path / "nli" / "dev-de.tsv"
    assert path.read_text() == "neutral\nentailment\n"


def test_answers_are_json_by_question_id_in_their_own_script(tmp_path, answers):
    raw = Dataset.from_dict({"id": ["q1", "q2"]})
    path = write_predictions(tmp_path, answers, "zh", raw, ["東京", 'a "b"\n'])
    assert path == tmp_path / "qa" / "test-zh.json"
    assert json.loads(path.read_text(encoding="utf-8")) == {"q1": "東京", "q2": 'a "b"\n'}
    assert "東京" in path.read_text(encoding="utf-8")
