from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from hf_mixtrain.commands.recipe_parser import RecipeParser
from hf_mixtrain.commands.run import parse_settings
from hf_mixtrain.errors import InputError
from hf_mixtrain.methods import METHODS

FOLDER = Path(__file__).parents[2] / "recipes"
STUDY = Path(__file__).parents[2] / "reproduction" / "recipes"
RECIPES = sorted(path for path in FOLDER.rglob("*.yaml") if path.parent.name != "tasks") + sorted(STUDY.glob("*.yaml"))


@dataclass
class Flags:
    rate: float = 0.1
    names: list[str] = field(default_factory=lambda: ["a"])
    fast: bool = False
    kind: str | None = None


@pytest.fixture
def parse(tmp_path):
    def parse(text, *argv, **kwargs):
        path = tmp_path / "recipe.yaml"
        path.write_text(text)
        return RecipeParser(Flags).parse([str(path), *argv], **kwargs)

    return parse


def test_defaults_then_recipe_then_flags(parse):
    found = parse("rate: 0.3\nnames: [x, y]", "--names", "z", defaults={"rate": 0.2, "kind": "task"})
    assert found == {"rate": 0.3, "names": ["z"], "fast": False, "kind": "task"}


def test_values_are_converted_as_those_of_flags(parse):
    # YAML reads 2e-5, without a dot, as text.
    assert parse("rate: 2e-5\nfast: true\nnames: de") == {"rate": 2e-5, "fast": True, "names": ["de"], "kind": None}


def test_an_empty_recipe_changes_nothing(parse):
    assert parse("") == RecipeParser(Flags).parse([])
    assert parse("kind:") == RecipeParser(Flags).parse([])


def test_an_abbreviated_flag_is_refused():
    with pytest.raises(InputError, match=r"unknown flag --rat\. Did you mean --rate\?"):
        RecipeParser(Flags).parse(["--rat=3"])


def value_of(settings, key):
    if key == "gradient_accumulation_steps":  # it follows from the rows of one update
        return settings.global_batch_size
    return getattr(settings.run, key) if hasattr(settings.run, key) else settings.training.get(key)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.relative_to(FOLDER.parent).as_posix())
def test_our_recipes_are_right_and_say_only_what_differs(recipe):
    settings = parse_settings([str(recipe)])
    defaults = parse_settings(["--task", settings.run.task])
    for key in yaml.safe_load(recipe.read_text()).keys() - {"task", "method"}:
        chosen, default = value_of(settings, key), value_of(defaults, key)
        assert chosen != default, f"{key} is at its default"
    if recipe.stem in METHODS:
        assert settings.run.method == [recipe.stem]
        assert settings.task.name == recipe.parent.name


@pytest.mark.parametrize(
    ("recipe", "flag", "batch"),
    [
        ("global_batch_size: 16", ["--gradient_accumulation_steps", "1"], 8),
        ("gradient_accumulation_steps: 4", ["--global_batch_size", "24"], 24),
    ],
)
def test_a_flag_beats_the_other_way_to_say_the_batch_in_a_recipe(tmp_path, recipe, flag, batch):
    path = tmp_path / "recipe.yaml"
    path.write_text(f"task: panx\nper_device_train_batch_size: 8\n{recipe}\n")
    assert parse_settings([str(path), *flag]).global_batch_size == batch
