"""Base models and recipes on cards."""

import pytest
import yaml

from hf_mixtrain.cards.metadata import base_model
from hf_mixtrain.cards.usage import recipe


def test_recipe_says_what_was_run_and_names_no_folder_of_the_machine(cell):
    cell["settings"] |= {"data_source": "/home/somebody/xtreme", "bf16": True}
    assert yaml.safe_load(recipe(cell)) == {
        "task": "panx",
        "method": ["gradient-mix-train"],
        "shots": [2],
        "seeds": [1],
        "languages": ["de", "sw"],
        "model_name_or_path": "embedded:multilingual-e5-small",
        "bf16": True,
        "data_source": "./xtreme",
        "learning_rate": 3e-5,
        "max_eval_examples": 200,
    }


@pytest.mark.parametrize("folder", ["./encoder", "/models/encoder", "../encoder", "~/encoder", "a/b/encoder"])
def test_a_folder_is_never_taken_for_a_model_on_the_hub(folder):
    assert base_model(folder)[:2] == ("encoder", None)


def test_a_licence_that_is_given_wins():
    assert base_model("xlm-roberta-large").license == "mit"
    assert base_model("xlm-roberta-large", "cc-by-nc-4.0").license == "cc-by-nc-4.0"
