import json

import pytest

from hf_mixtrain.data import load_fewshot, load_task

CONTEXT = "Lena moved from Graz to Linz in 1987."


def write(folder, name, answers_of_last):
    answer = [{"text": "Linz", "answer_start": CONTEXT.index("Linz")}]
    asked = [
        {"id": f"{name}-{number}", "question": "Where did Lena go?", "answers": answers}
        for number, answers in enumerate([answer, answer, answers_of_last or answer * (answers_of_last is None)])
    ]
    data = {"data": [{"paragraphs": [{"context": CONTEXT, "qas": asked}]}]}
    (folder / f"{name}.json").write_text(json.dumps(data))


@pytest.fixture
def task(tmp_path):
    path = tmp_path / "task.yaml"
    path.write_text(
        "name: mine\nkind: question-answering\nlanguages: [en, de]\nmetric: f1\n"
        "folder: {train: 'train-{language}.json', test: 'test-{language}.json'}\n"
    )
    return load_task(str(path))


@pytest.mark.parametrize("in_training", [False, True])
def test_questions_without_an_answer_are_told_if_training_has_none(task, tmp_path, in_training):
    for language in ("en", "de"):
        write(tmp_path, f"train-{language}", [] if in_training and language == "en" else None)
        write(tmp_path, f"test-{language}", [] if language == "de" else None)
    data = load_fewshot(task, shots=1, seed=1, languages=["de"], source=str(tmp_path))
    told = [warning for warning in data.warnings if "without an answer" in warning]
    assert len(told) == (not in_training)
    assert all("test of de: 1 questions" in warning and "'test-de-2'" in warning for warning in told)
