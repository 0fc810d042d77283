"""Data sets of the library `datasets`, in memory and on disk."""

import pandas
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value, concatenate_datasets

from hf_mixtrain.data import Task, load_fewshot, open_source
from hf_mixtrain.errors import InputError

TEXTS = Task(
    "own", "Own", "text-classification", ("en", "de"), "accuracy", ("no", "yes"),
    columns={"premise": "text", "label": "label"},
)  # fmt: skip
WORDS = Task("own", "Own", "token-classification", ("en", "de"), "f1", ("O", "B-PER", "I-PER", "B-LOC", "I-LOC"))


def texts(code: str, **more) -> Dataset:
    count = 6
    rows = {"text": [f"{code} {n}" for n in range(count)], "label": ["no", "yes"] * (count // 2)}
    return Dataset.from_dict(rows | {name: [value] * count for name, value in more.items()})


def of_all(key="language") -> Dataset:
    return concatenate_datasets([texts(code, **{key: code}) for code in ("en", "de", "sw")])


def splits(rows: Dataset) -> dict[str, Dataset]:
    return {"train": rows, "validation": rows, "test": rows}


def premises(source, language="de", split="test", task=TEXTS) -> list[str]:
    return list(open_source(source, task).read(language, split)["premise"])


GERMAN = [f"de {n}" for n in range(6)]


def write_each(folder, content):
    for name, value in content.items():
        if isinstance(value, Dataset):
            value.save_to_disk(str(folder / name))
        else:
            write_each(folder / name, value)
    return folder


@pytest.mark.parametrize("key", ["language", "lang", "locale"])
def test_splits_with_a_column_of_languages(key):
    assert premises(splits(of_all(key))) == GERMAN


def test_a_column_of_languages_may_hold_the_numbers_of_a_class_label(tmp_path):
    rows = of_all().cast_column("language", ClassLabel(names=["sw", "de", "en"]))
    assert premises(splits(rows)) == GERMAN
    rows.to_parquet(tmp_path / "test.parquet")
    task = Task(
        "own", "Own", "text-classification", ("en", "de"), "accuracy", ("no", "yes"),
        columns={"premise": "text", "label": "label", "language": "language"}, folder={"test": "test.parquet"},
    )  # fmt: skip
    assert premises(tmp_path, task=task) == GERMAN


def test_rows_of_other_languages_in_the_data_set_of_one_are_left_out():
    assert premises({"en": splits(texts("en")), "de": splits(of_all())}) == GERMAN


def test_splits_may_come_first_or_languages():
    by_language = {code: splits(texts(code)) for code in ("en", "de")}
    by_split = {split: {code: texts(code) for code in ("en", "de")} for split in ("train", "devel", "test")}
    assert premises(by_language) == premises(by_split) == premises(by_split, split="dev") == GERMAN


@pytest.mark.parametrize("form", ["whole", "languages", "splits", "both"])
def test_every_folder_that_save_to_disk_makes_is_read(tmp_path, form):
    content = {
        "languages": {code: DatasetDict(splits(texts(code))) for code in ("en", "de")},
        "splits": splits(of_all()),
        "both": {code: splits(texts(code)) for code in ("en", "de")},
    }
    if form == "whole":
        DatasetDict(splits(of_all())).save_to_disk(str(tmp_path / "data"))
    elif form == "languages":
        for code, one in content[form].items():
            one.save_to_disk(str(tmp_path / "data" / code))
    else:
        write_each(tmp_path / "data", content[form])
    assert premises(tmp_path / "data") == premises(tmp_path / "data", split="dev") == GERMAN


def test_numbers_of_tags_are_read_by_their_names_in_any_scheme():
    features = Features(
        {"tokens": List(Value("string")), "tags": List(ClassLabel(names=["S-PER", "O", "B-LOC", "E-LOC"]))}
    )
    rows = Dataset.from_dict({"tokens": [["Ann", "in", "New", "York"]], "tags": [[0, 1, 2, 3]]}, features=features)
    assert open_source({"de": {"test": rows}}, WORDS).read("de", "test")["tags"][0] == [1, 0, 3, 4]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({}, "found none"),
        (None, "found NoneType"),
        (texts("de"), "found Dataset"),
        (splits(texts("de")), "expected a column 'language' in the train rows, found text, label"),
        ({"de": {"test": pandas.DataFrame({"text": ["a"]})}}, r"found de test: pandas.DataFrame.*from_pandas"),
        ({"de": {"test": [{"text": "a"}]}}, "found de test: builtins.list"),
        ({"de": {"test": texts("de").to_iterable_dataset()}}, "found de test: datasets.IterableDataset"),
    ],
)  # fmt: skip
def test_what_is_no_data_set_by_language_is_refused_with_the_form_that_is_expected(source, message):
    with pytest.raises(InputError, match=message) as error:
        open_source(source, TEXTS)
    assert "'train': dataset" in str(error.value)


def test_a_single_data_set_on_disk_is_refused(tmp_path):
    of_all().save_to_disk(str(tmp_path / "data"))
    with pytest.raises(InputError, match="found one data set"):
        open_source(tmp_path / "data", TEXTS)


def test_languages_may_be_given_as_one_text():
    source = {code: splits(texts(code)) for code in ("en", "de", "sw")}
    data = load_fewshot(TEXTS, shots="1", seed=1, languages="sw", source=source, source_language="en,de")
    assert (data.source_languages, list(data.shots)) == (("en", "de"), ["sw"])
