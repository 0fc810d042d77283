"""Labels that are in dev or test rows and in no training row."""

import pytest

from hf_mixtrain.data import Task, load_fewshot

FOLDER = {split: f"{split}-{{language}}.tsv" for split in ("train", "dev", "test")}
TAGGING = Task(
    "own", "Own", "token-classification", ("en", "de", "sw"), "f1",
    labels=("O", "B-PER", "I-PER", "B-LOC", "I-LOC"), folder=FOLDER,
)  # fmt: skip
TEXTS = Task(
    "own", "Own", "text-classification", ("en", "de", "sw"), "accuracy",
    labels=("good", "bad", "so-so"), folder=FOLDER, columns={"premise": 0, "label": 1},
)  # fmt: skip


@pytest.fixture
def write(tmp_path):
    """Write a folder with one row for each label, the same labels in all files but those that are named."""

    def write(usual, **others):
        for split in FOLDER:
            for language in ("en", "de", "sw"):
                labels = others.get(f"{split}_{language}", usual)
                rows = [f"word{number}{language}{split}\t{label}" for number, label in enumerate(labels)]
                end = "\n\n" if usual[0] == "O" else "\n"
                (tmp_path / f"{split}-{language}.tsv").write_text(end.join(rows) + "\n")
        return tmp_path

    return write


def told(task, folder, **values):
    data = load_fewshot(task, **{"shots": 9, "seed": 1, "source": folder, **values})
    return [warning for warning in data.warnings if "no training row has" in warning]


def test_labels_that_are_trained_on_are_not_told(write):
    assert told(TAGGING, write(["O", "B-PER", "B-LOC"])) == []


def test_labels_of_test_and_dev_rows_are_told_in_one_line_with_their_languages(write):
    folder = write(["O", "B-PER"], test_de=["O", "B-LOC"], test_sw=["B-LOC", "B-PER"])
    (folder / "dev-en.tsv").write_text("Ada\tB-PER\nLovelace\tI-PER\n")
    (warning,) = told(TAGGING, folder)
    assert warning.endswith(": 'I-PER' (en); 'B-LOC' (de, sw). No model learns them.")


def test_a_label_of_one_language_counts_for_all(write):
    folder = write(["O", "B-PER"], test_de=["O", "B-LOC"], train_sw=["O", "B-LOC"])
    assert told(TAGGING, folder) == []
    assert len(told(TAGGING, folder, shots=0)) == 1


def test_dev_rows_of_targets_count_where_they_are_read(write):
    folder = write(["O", "B-PER"], dev_sw=["O", "B-LOC"])
    assert told(TAGGING, folder) == []
    assert told(TAGGING, folder, target_dev=True)[0].endswith(": 'B-LOC' (sw). No model learns them.")


def test_classes_are_told_like_tags(write):
    (warning,) = told(TEXTS, write(["good", "bad"], test_de=["good", "so-so"]))
    assert warning.endswith(": 'so-so' (de). No model learns them.")
