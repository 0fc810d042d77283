"""Base models and recipes on cards."""

import pytest
import yaml

from hf_mixtrain.cards import published_card
from hf_mixtrain.cards.metadata import base_model
from hf_mixtrain.cards.usage import plain_usage, recipe, usage


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


@pytest.mark.parametrize("kind", ["token-classification", "text-classification", "question-answering"])
def test_the_programs_of_a_card_compile_for_a_folder_and_for_a_repository(kind):
    for program in (usage(kind), usage(kind, pairs=True), plain_usage(kind)):
        for text in (program, program and published_card(program, "me/model", "v1.0")):
            compile(text or "", "card", "exec")


def test_single_texts_are_shown_as_single_texts():
    for program in (usage("text-classification"), plain_usage("text-classification")):
        assert "The river rose all night." in program
        assert "text_pair" not in program
        assert "It rained." not in program


def test_a_plain_program_is_shown_only_where_it_reads_the_scored_piece():
    assert plain_usage("token-classification", "all") is None
    assert 'piece != "▁"' in plain_usage("token-classification")
    assert "▁" not in plain_usage("token-classification", "first")
