import json

import pytest

from hf_mixtrain.errors import InputError
from hf_mixtrain.results import find_results, read_results, write_results

CELL = {
    "task": "panx",
    "method": "zero-shot",
    "shots": 0,
    "seed": 1,
    "model": "some/model",
    "languages": ["en", "sw", "de"],
    "metric": "f1",
    "scores": {"en": {"f1": 80.0, "precision": 81}, "sw": {"f1": 40.5}, "de": {"f1": 60.0}},
    "average": 60.166,
    "settings": {"learning_rate": 1e-4},
    "shot_ids": {"sw": ["train-sw-3"], "de": ["train-de-57"]},
    "versions": {"python": "3.11"},
    "train_seconds": 12.5,
    "peak_memory_bytes": 1,
    "surgery": {},
}


def test_written_results_are_read_back(tmp_path):
    assert read_results(write_results(tmp_path / "new" / "folder", CELL)) == CELL
    assert read_results(tmp_path / "new" / "folder") == CELL


def test_order_of_keys_and_languages_does_not_change_the_file(tmp_path):
    turned = dict(reversed(CELL.items())) | {"scores": dict(reversed(CELL["scores"].items()))}
    first, second = write_results(tmp_path / "a", CELL), write_results(tmp_path / "b", turned)
    assert first.read_bytes() == second.read_bytes()
    assert list(json.loads(first.read_text()))[:4] == ["task", "method", "shots", "seed"]


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = write_results(tmp_path, CELL)
    with pytest.raises(ValueError, match="'average' must be a number"):
        write_results(tmp_path, CELL | {"average": float("nan")})
    assert read_results(path) == CELL
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shots": "5"}, r"results\.json: 'shots' must be of type int\. Got '5'"),
        ({"seed": True}, r"'seed' must be of type int"),
        ({"train_seconds": None}, r"'train_seconds' must be of type number"),
        ({"languages": ["en"]}, r"'scores' must be for \['en'\]"),
        ({"warnings": ["diverged", {}]}, r"'warnings' must be texts"),
        ({"metric": "accuracy"}, r"'scores' of 'en' lack the metric 'accuracy'"),
        ({"languages": ["en"], "scores": {"en": {"f1": "high"}}}, r"'f1' of 'en' must be a number\. Got 'high'"),
    ],
)
def test_a_wrong_value_is_named_with_its_file(tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        write_results(tmp_path, CELL | change)
    (tmp_path / "results.json").write_text(json.dumps(CELL | change))
    with pytest.raises(InputError, match=message):
        read_results(tmp_path)


def test_a_missing_key_is_named_with_its_file(tmp_path):
    (tmp_path / "results.json").write_text(json.dumps({k: v for k, v in CELL.items() if k != "model"}))
    with pytest.raises(InputError, match=r"results\.json: key 'model' is missing"):
        read_results(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '"text"'])
def test_a_broken_file_is_named(tmp_path, text):
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(InputError, match=r"results\.json: "):
        read_results(tmp_path)


def test_keys_of_later_versions_are_not_written_but_can_be_read(tmp_path):
    with pytest.raises(InputError, match="unknown key 'extra'"):
        write_results(tmp_path, CELL | {"extra": 1})
    (tmp_path / "results.json").write_text(json.dumps(CELL | {"extra": 1}))
    assert read_results(tmp_path) == CELL


def test_results_are_found_sorted_by_cell(tmp_path):
    for method, shots, seed in [("ord-fs", 10, 1), ("ord-fs", 5, 2), ("ord-fs", 5, 1), ("mix-ft", 5, 1)]:
        cell = CELL | {"method": method, "shots": shots, "seed": seed}
        write_results(tmp_path / "panx" / method / f"k{shots}" / f"seed{seed}", cell)
    write_results(tmp_path / "panx" / ".stages" / "hidden", CELL)
    found = [(r["method"], r["shots"], r["seed"]) for r in find_results(tmp_path)]
    assert found == [("mix-ft", 5, 1), ("ord-fs", 5, 1), ("ord-fs", 5, 2), ("ord-fs", 10, 1)]


@pytest.mark.parametrize("neutral", [{}, {"output_dir": "other", "run_name": "again"}])
def test_one_cell_in_two_folders_is_refused(tmp_path, neutral):
    write_results(tmp_path / "a", CELL)
    write_results(tmp_path / "b", CELL | {"settings": CELL["settings"] | neutral, "train_seconds": 99.0})
    with pytest.raises(
        InputError, match=r"b.results\.json: panx zero-shot k0 seed1 is also in .*a.results\.json, with"
    ):
        find_results(tmp_path)


def test_one_cell_with_other_settings_model_or_languages_is_another_result_wherever_it_lies(tmp_path):
    others = [
        {},
        {"settings": {"learning_rate": 1e-3}},
        {"settings": {"learning_rate": 1e-4, "targets": ["de", "sw"]}},
        {"model": "other/model"},
        {"languages": ["en"], "scores": {"en": {"f1": 80.0}}},
    ]
    for number, change in enumerate(others):
        write_results(tmp_path / "one" / str(number), CELL | change)
        write_results(tmp_path / "two" / str(9 - number), CELL | change)
    found = find_results(tmp_path / "one")
    assert len(found) == len(others)
    assert found == find_results(tmp_path / "two")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere: no such folder"):
        find_results(tmp_path / "nowhere")


def lines(*cells):
    return "".join(json.dumps(cell, ensure_ascii=False) + "\n" for cell in cells)


def test_a_file_of_results_is_read_as_the_folders_are(tmp_path):
    cells = [CELL | {"seed": seed, "shot_ids": {"en": [f"line\u2028{seed}"]}} for seed in (1, 2, 3)]
    for cell in cells:
        write_results(tmp_path / "out" / str(cell["seed"]), cell)
    file = tmp_path / "study.jsonl"
    file.write_text(lines(*cells[::-1]) + "\n", encoding="utf-8")
    assert find_results(file) == find_results(tmp_path / "out")
    file.write_text(lines(cells[2]), encoding="utf-8")
    (tmp_path / "out" / "3" / "results.json").unlink()
    assert [cell["seed"] for cell in find_results(tmp_path / "out", file)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{\n", r"study\.jsonl, line 1: not JSON"),
        (lines(CELL) + "[]\n", r"study\.jsonl, line 2: expected a JSON object"),
        (lines(CELL, CELL), r"study\.jsonl, line 2: panx zero-shot k0 seed1 is also in .*study\.jsonl, line 1, with"),
    ],
)
def test_the_line_that_is_no_result_is_named(tmp_path, text, message):
    (tmp_path / "study.jsonl").write_text(text)
    with pytest.raises(InputError, match=message):
        find_results(tmp_path / "study.jsonl")


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "study.csv").write_text("")
    with pytest.raises(InputError, match=r"study\.csv: not a folder\. Expected .* a \.jsonl file"):
        find_results(tmp_path / "study.csv")
