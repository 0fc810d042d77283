"""Shots by language, from whatever a user passes."""

import pytest
import torch
from datasets import Dataset

from hf_mixtrain.errors import InputError
from hf_mixtrain.trainer.oracle_data import group_by_language

ROWS = [{"language": code, "n": n} for n, code in enumerate(["en", "sw", "de", "sw", "en"])]
DATASET = Dataset.from_list(ROWS)


def group(oracles=None, train=None, source="en", include_source=False, column="language"):
    return group_by_language(
        oracles, train, language_column=column, source_language=source, include_source=include_source
    )


@pytest.mark.parametrize("rows", [ROWS, DATASET, DATASET.with_format("torch")], ids=["list", "arrow", "tensors"])
@pytest.mark.parametrize("where", ["oracles", "train"])
def test_rows_are_found_by_the_language_column(rows, where):
    groups = group(**{where: rows})
    assert {code: [int(row["n"]) for row in g.select(range(len(g)))] for code, g in groups.items()} == {
        "de": [2],
        "sw": [1, 3],
    }


def test_source_is_drawn_only_when_asked_for():
    assert set(group(train=ROWS)) == {"de", "sw"}
    assert set(group(train=ROWS, include_source=True)) == {"de", "en", "sw"}
    assert set(group(oracles={"en": ROWS, "sw": ROWS})) == {"sw"}


def test_dict_is_completed_with_source_rows_of_the_training_set():
    groups = group(oracles={"sw": ROWS[1:2]}, train=ROWS, include_source=True)
    assert len(groups["en"]) == 2


def test_training_set_without_the_column_or_without_targets_means_no_oracles():
    assert group(train=[{"n": 1}]) == {}
    assert group(train=ROWS[:1]) == {}
    assert group(train=None) == {}


class Stream(torch.utils.data.IterableDataset):
    def __iter__(self):
        yield from ROWS


def test_stream_as_training_set_is_no_error():
    assert group(train=Stream()) == {}


@pytest.mark.parametrize(
    ("oracles", "message"),
    [
        ({"sw": []}, r"oracle_dataset\['sw'\].*at least one row.*none"),
        ({"sw": Stream()}, r"oracle_dataset\['sw'\].*indexable.*Stream.*list"),
        ([{"n": 1}], r"column 'language'.*Found columns: n.*language_column"),
        ({"en": ROWS}, r"other than the source 'en'.*source_language"),
    ],
)
def test_error_says_what_was_expected_and_what_to_do(oracles, message):
    with pytest.raises(InputError, match=message):
        group(oracles)
