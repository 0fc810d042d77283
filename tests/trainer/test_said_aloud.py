"""Surgery that is asked for and cannot happen says so; the source is never drawn under another spelling."""

import re

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, IterableDataset
from transformers import TrainingArguments

from hf_mixtrain import GradientMixTrainer
from hf_mixtrain.errors import InputError
from hf_mixtrain.language_spelling import same_language
from hf_mixtrain.trainer.language_column import as_language, languages_of
from tests.trainer.tiny import MIXED, SHOTS, arguments, make_trainer, model

ARROW = Dataset.from_list(MIXED)


def said(caplog):
    return [record.getMessage() for record in caplog.records if record.name.startswith("hf_mixtrain")]


def renamed(names):
    return [{**row, "language": names[row["language"]]} for row in MIXED]


class Rows(torch.utils.data.Dataset):
    """Never ends by itself: only `len()` says how many rows there are."""

    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, number):
        return self.rows[number % len(self.rows)]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (ARROW.remove_columns("language"), r"no column 'language'.*found: input_ids, labels.*tokenized"),
        (ARROW.rename_column("language", "locale"), r"no column 'language'.*locale.*`language_column`"),
        (IterableDataset.from_generator(lambda: iter(MIXED)), r"stream \(IterableDataset\).*`oracle_dataset"),
        (MIXED[:18], r"names no language but the source 'en'"),
        ([{**row, "language": None} for row in MIXED], r"names no language but the source 'en'"),
    ],
    ids=["dropped", "renamed", "stream", "source alone", "nameless"],
)
def test_training_goes_on_and_says_why_there_is_no_surgery(tmp_path, caplog, rows, message):
    trainer = make_trainer(tmp_path, oracles=None, train=rows, max_steps=1)
    trainer.train()
    trainer.train()
    (told,) = [text for text in said(caplog) if text.startswith("Surgery is asked for")]
    assert re.search(message, told)
    assert trainer.surgery_statistics.to_dict()["steps"] == 0


@pytest.mark.parametrize("rows", [MIXED, ARROW, Rows(MIXED)], ids=["list", "arrow", "torch"])
def test_plain_arguments_with_several_languages_are_told(tmp_path, caplog, rows):
    GradientMixTrainer(model(), arguments(tmp_path, cls=TrainingArguments, max_steps=1), train_dataset=rows).train()
    (told,) = said(caplog)
    assert "surgery needs `GradientMixTrainingArguments`" in told


def test_nothing_is_said_where_nothing_is_missing(tmp_path, caplog):
    plain = arguments(tmp_path, cls=TrainingArguments, max_steps=1)
    GradientMixTrainer(model(), plain, train_dataset=MIXED[:18]).train()
    make_trainer(tmp_path, oracles=None, max_steps=1).train()
    make_trainer(tmp_path, oracles=None, train=ARROW.remove_columns("language"), surgery="none", max_steps=1).train()
    assert said(caplog) == []


@pytest.mark.parametrize("spelling", ["EN", "eng", "en_XX", "English"])
def test_a_source_that_no_row_has_is_refused_with_the_languages_found(tmp_path, spelling):
    rows = renamed({"en": spelling, "de": "de", "sw": "sw"})
    trainer = make_trainer(tmp_path, oracles=None, train=rows)
    with pytest.raises(InputError, match=rf"No row says 'en', found: .*{spelling}.*Set `source_language`"):
        trainer.train()


@pytest.mark.parametrize("spelling", ["EN", "eng", "en_XX", "eng_Latn", "English"])
def test_a_source_among_the_oracles_under_another_spelling_is_refused(tmp_path, spelling):
    trainer = make_trainer(tmp_path, oracles={spelling: MIXED[:4], **SHOTS})
    with pytest.raises(InputError, match=rf"Got 'en', found: .*{spelling}.*source_language='{spelling}'"):
        trainer.train()


def test_a_source_that_its_rows_call_by_a_region_is_no_oracle(tmp_path):
    rows = renamed({"en": "en-US", "de": "de", "sw": "sw"})
    trainer = make_trainer(tmp_path, oracles={"en-US": MIXED[:4], **SHOTS}, train=rows)
    with pytest.raises(InputError, match=r"No row says 'en', found: .*en-US.*`source_language='en-US'`"):
        trainer.train()


def test_it_is_said_where_no_training_row_is_of_the_source(tmp_path, caplog):
    rows = renamed({"en": "fr", "de": "de", "sw": "sw"})
    make_trainer(tmp_path, oracles=SHOTS, train=rows, max_steps=1).train()
    assert any(
        "No row of the training set says the source language 'en', found: de, fr, sw" in one for one in said(caplog)
    )


def test_oracle_rows_that_say_no_language_are_refused_as_such(tmp_path):
    trainer = make_trainer(tmp_path, oracles=[{**row, "language": None} for row in MIXED[-8:]])
    with pytest.raises(InputError, match=r"say the language of its rows in column 'language'\. None of 8 rows does"):
        trainer.train()


def test_a_region_makes_another_language():
    assert not same_language("pt", "pt-BR")
    assert not same_language("ar", "arz")
    assert not same_language("zho_Hans", "zho_Hant")


@pytest.mark.parametrize(
    ("names", "source"),
    [
        ({"en": 0, "de": 1, "sw": 2}, 0),
        ({"en": np.int64(0), "de": np.int64(1), "sw": np.int64(2)}, "0"),
        ({"en": True, "de": False, "sw": False}, True),
        ({"en": "en", "de": "de", "sw": None}, "en"),
    ],
    ids=["integers", "numpy", "truth values", "nameless rows"],
)
def test_languages_are_strings_whatever_they_were(tmp_path, names, source):
    trainer = make_trainer(tmp_path, oracles=None, train=renamed(names), source_language=source)
    trainer.train()
    drawn = trainer.surgery_statistics.to_dict()["languages"]
    assert drawn
    assert set(drawn) <= {str(name) for name in names.values() if name is not None} - {str(source)}


@pytest.mark.parametrize("source", ["en", 0])
def test_the_names_of_a_class_label_are_used(tmp_path, source):
    numbers = Dataset.from_list(renamed({"en": 0, "de": 1, "sw": 2}))
    rows = numbers.cast_column("language", ClassLabel(names=["en", "de", "sw"]))
    trainer = make_trainer(tmp_path, oracles=None, train=rows, source_language=source, oracle_languages_per_step=3)
    trainer.train()
    assert set(trainer.surgery_statistics.to_dict()["languages"]) == {"de", "sw"}


def test_integer_languages_resume_as_they_went(tmp_path):
    settings = {"train": renamed({"en": 0, "de": 1, "sw": 2}), "oracles": None, "source_language": 0}
    straight = make_trainer(tmp_path, save_strategy="steps", save_steps=3, **settings)
    straight.train()
    resumed = make_trainer(tmp_path, **settings)
    resumed.train(resume_from_checkpoint=str(tmp_path / "checkpoint-3"))
    assert resumed.surgery_statistics.to_dict() == straight.surgery_statistics.to_dict()


def test_rows_are_asked_for_up_to_their_number_and_only_for_their_language(tmp_path):
    def transform(batch):
        raise AssertionError("rows need not be transformed to find their languages")

    assert list(languages_of(ARROW.with_transform(transform), "language")) == [row["language"] for row in MIXED]
    parts = torch.utils.data.ConcatDataset([ARROW, torch.utils.data.Subset(ARROW, [25, 0])])
    assert list(languages_of(parts, "language"))[-2:] == ["sw", "en"]
    trainer = make_trainer(tmp_path, oracles=None, train=Rows(MIXED), max_steps=2)
    trainer.train()
    assert trainer.surgery_statistics.to_dict()["steps"] == 2


@pytest.mark.parametrize(
    ("value", "name"), [(torch.tensor(2), "2"), (np.str_("sw"), "sw"), (b"sw", "sw"), ("", None), (float("nan"), None)]
)
def test_a_language_of_any_type_is_a_string(value, name):
    assert as_language(value) == name


def test_what_is_changed_until_training_counts(tmp_path):
    trainer = make_trainer(tmp_path, optim="lomo", surgery="stochastic", max_steps=2)
    trainer.args.optim = "sgd"
    trainer.args.surgery = "none"
    trainer.train()
    assert trainer.surgery_statistics.to_dict()["steps"] == 0
    trainer.args.surgery = "stochastic"
    trainer.oracle_dataset = {"sw": SHOTS["sw"]}
    trainer.train()
    assert set(trainer.surgery_statistics.to_dict()["languages"]) == {"sw"}
    trainer.oracle_dataset, trainer.train_dataset = None, MIXED[:22]
    trainer.train()
    assert set(trainer.surgery_statistics.to_dict()["languages"]) == {"de"}
    trainer.args.surgery = "stochastik"
    with pytest.raises(InputError, match="`surgery` must be one of"):
        trainer.train()


def test_hyperparameter_search_over_surgery(tmp_path):
    pytest.importorskip("optuna", reason="needs optuna")
    steps = {}

    class Counting(GradientMixTrainer):
        def train(self, *args, **kwargs):
            result = super().train(*args, **kwargs)
            steps[self.args.surgery] = self.surgery_statistics.to_dict()["steps"]
            return result

    trainer = Counting(args=arguments(tmp_path, max_steps=2), model_init=lambda: model(), train_dataset=MIXED,
                       eval_dataset=MIXED[:4], oracle_dataset=SHOTS)  # fmt: skip
    choices = iter(["none", "stochastic"])
    trainer.hyperparameter_search(hp_space=lambda trial: {"surgery": next(choices)}, backend="optuna", n_trials=2)
    assert steps == {"none": 0, "stochastic": 2}
