import json

import pytest

from hf_mixtrain.data import load_fewshot, read_shots, write_shots
from hf_mixtrain.data.published_shots import rows_alike
from hf_mixtrain.errors import InputError


@pytest.fixture
def data(xtreme_dir):
    return load_fewshot("panx", shots=4, seed=3, languages=["de", "zh"], source=xtreme_dir)


@pytest.fixture
def path(data, tmp_path):
    return write_shots(data, tmp_path / "shots.json")


def load(xtreme_dir, path, **change):
    settings = {"task": "panx", "shots": 4, "seed": 9, "languages": ["zh", "de"], "source": xtreme_dir}
    return load_fewshot(**settings | change, shots_file=path)


def change(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_shots_that_were_written_are_read_whatever_the_seed(xtreme_dir, data, path):
    again = load(xtreme_dir, path)
    assert again.shot_ids == data.shot_ids
    assert again.shots["de"][:] == data.shots["de"][:]
    found = read_shots(path)
    assert (found.task, found.shots, found.seed, found.split) == ("panx", 4, 3, "train")


@pytest.mark.parametrize("task", ["udpos", "xnli", "tydiqa"])
def test_shots_of_every_task_can_be_written_and_read(xtreme_dir, tmp_path, task):
    drawn = load_fewshot(task, shots=3, seed=1, source=xtreme_dir, languages=["ru"] if task == "tydiqa" else ["de"])
    path = write_shots(drawn, tmp_path / "shots.json")
    again = load(xtreme_dir, path, task=task, shots=3, languages=drawn.languages)
    assert again.shot_ids == drawn.shot_ids
    assert again.shots_per == drawn.shots_per
    fewer = load(xtreme_dir, path, task=task, shots=1, languages=drawn.languages)
    assert fewer.shot_ids == load_fewshot(task, shots=1, seed=1, source=xtreme_dir, languages=drawn.languages).shot_ids


def test_fewer_shots_are_the_first_of_the_file(xtreme_dir, data, path):
    assert load(xtreme_dir, path, shots=2).shot_ids["de"] == data.shot_ids["de"][:2]


def test_other_rows_under_the_same_ids_are_noticed(xtreme_dir, path):
    content = json.loads(path.read_text())
    content["languages"]["de"]["checksum"] = content["languages"]["zh"]["checksum"]
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"shots\.json: expected the rows that the shots of 'de' were drawn from"):
        load(xtreme_dir, path)


@pytest.mark.parametrize(
    ("values", "settings", "message"),
    [
        ({"task": "udpos"}, {}, r"shots\.json: expected shots for the task 'panx', found those for 'udpos'"),
        ({}, {"languages": ["sw"]}, r"panx/test-sw\.tsv: no such file"),
        ({}, {"languages": ["af"]}, r"shots\.json: expected shots of 'af', found those of de, zh"),
        ({}, {"shots": 5}, r"shots\.json: expected 5 shots, found 4\. Set `shots` to 4"),
        ({"shots_per": "entity"}, {"shots": 2}, r"shots\.json: expected 2 shots, found 4"),
        (
            {"languages": {"de": {"ids": ["train-de-999"], "checksum": ""}}},
            {"languages": ["de"]},
            r"expected a row 'train-de-999'",
        ),
        ({"languages": 7}, {}, r"shots\.json: expected a file of shots"),
    ],
)
def test_an_error_names_the_file_and_the_remedy(xtreme_dir, path, values, settings, message):
    change(path, **values)
    with pytest.raises(InputError, match=message):
        load(xtreme_dir, path, **settings)


def bucket(folder, task, language, rows) -> None:
    place = folder / task / "2-shots" / language / "7-th"
    place.mkdir(parents=True)
    name = "sampled.json" if task == "xnli" else "train.tsv"
    (place / name).write_text(rows)


def test_published_shots_are_read_with_the_seed_as_the_number_of_the_bucket(xtreme_dir, tmp_path):
    bucket(tmp_path, "panx", "de", "Anna\tB-PER\n\nBonn\tB-LOC\n\nRotes\tB-ORG\nKreuz\tI-ORG\n")
    found = load(xtreme_dir, tmp_path / "panx" / "2-shots", shots=2, seed=7, languages=["de"])
    assert found.shots["de"]["tokens"][:] == [["Anna"], ["Bonn"], ["Rotes", "Kreuz"]]
    assert found.shot_ids["de"][0] == "bucket7-de-0"
    assert found.shots_per == "entity"
    for settings, message in [
        ({"seed": 8}, r"2-shots/de/8-th: expected a bucket, found none.*languages there: de"),
        ({"seed": 7, "shots": 4}, r"2-shots: expected a folder named 4-shots"),
    ]:
        with pytest.raises(InputError, match=message):
            load(xtreme_dir, tmp_path / "panx" / "2-shots", **{"shots": 2, "languages": ["de"]} | settings)


def test_published_shots_of_xnli_leave_target_dev_though_their_tokens_stand_apart(xtreme_dir, tmp_path):
    dev = load_fewshot("xnli", shots=0, seed=1, source=xtreme_dir, languages=["de"], target_dev=True).dev["de"]
    label = dev.features["label"].int2str(dev[5]["label"])
    apart = {"text_a": dev[5]["premise"].replace(".", " . "), "text_b": dev[5]["hypothesis"].replace(",", " ,")}
    row = apart | {"uid": "german-5006-val", "label": label}
    bucket(tmp_path, "xnli", "german", json.dumps({label: [row]}))
    found = load(
        xtreme_dir, tmp_path / "xnli" / "2-shots", task="xnli", shots=2, seed=7, languages=["de"], target_dev=True
    )
    assert found.shot_ids == {"de": ["german-5006-val"]}
    assert found.dev["de"]["id"][:] == [name for name in dev["id"] if name != dev[5]["id"]]
    assert rows_alike(found.shots["de"], dev) == [5]
