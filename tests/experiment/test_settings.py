import json

import pytest

from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment import RunArguments
from hf_mixtrain.experiment.cells import grid, share
from hf_mixtrain.experiment.stage_arguments import stage_arguments
from hf_mixtrain.methods import METHODS


def test_only_what_differs_from_the_defaults_is_a_setting(settings_of):
    changed = settings_of().changed
    assert changed.keys() == {
        *("data_source", "max_length", "learning_rate", "gradient_accumulation_steps", "num_train_epochs"),
        "use_cpu",
    }  # batches of 8 are the task's default
    assert settings_of("--num_train_epochs", "10").changed.keys() == changed.keys() - {"num_train_epochs"}


def test_flags_win_over_recipe_and_recipe_over_task(settings_of, tmp_path):
    recipe = tmp_path / "mine.yaml"
    recipe.write_text("learning_rate: 3e-5\nweight_decay: 0.5\nseeds: [1, 2]\nbf16: false\nlr_scheduler_kwargs: {}\n")
    from hf_mixtrain.commands.run import parse_settings

    settings = parse_settings([str(recipe), "--task", "panx", "--weight_decay", "0.1"])
    arguments = settings.training_arguments()
    assert (arguments.learning_rate, arguments.weight_decay, arguments.num_train_epochs) == (3e-5, 0.1, 10)
    assert settings.run.seeds == [1, 2]


def test_stages_differ_only_where_they_should(settings_of, tmp_path):
    settings = settings_of("--warmup_steps", "50", "--max_steps", "9", "--adapt_epochs", "2", "--paper_exact", "true")
    source, shots = (stage_arguments(settings, s, 7, tmp_path) for s in METHODS["mix-ft"].stages)
    (mixed,) = (stage_arguments(settings, s, 7, tmp_path) for s in METHODS["gradient-mix-train"].stages)
    assert (source.max_steps, source.warmup_steps, source.surgery, source.paper_exact) == (9, 50, "none", False)
    assert (shots.max_steps, shots.warmup_steps, shots.num_train_epochs) == (-1, 0, 2)
    assert (mixed.surgery, mixed.paper_exact, mixed.max_steps) == ("stochastic", True, 9)
    assert {arguments.seed for arguments in (source, shots, mixed)} == {7}
    assert {arguments.data_seed for arguments in (source, shots, mixed)} == {7}


def test_alternating_batches_are_two_for_each_of_the_users(settings_of, tmp_path):
    (stage,) = METHODS["macro-mix-train"].stages
    arguments = stage_arguments(settings_of("--gradient_accumulation_steps", "3"), stage, 1, tmp_path)
    assert arguments.gradient_accumulation_steps == 6


def test_bf16_is_for_processors_too(settings_of):
    assert settings_of("--bf16", "true").training_arguments().use_cpu


def test_cells_are_shared_out_without_loss():
    cells = grid(RunArguments(method=["zero-shot", "mix-ft"], shots=[1, 5, 5], seeds=[1, 2]), "panx")
    assert len(cells) == len(set(cells)) == 6
    works = {cell: {(cell.method_name, cell.seed): 1.0 + cell.shots, cell.seed: 5.0} for cell in cells}
    parts = [share(works, index, 4) for index in range(4)]
    assert sorted(cell for part in parts for cell in part) == sorted(cells)
    assert all(parts)


def test_settings_can_be_written_and_hold_no_token(settings_of):
    flags = ["--lr_scheduler_type", "cosine", "--optim", "adafactor", "--lr_scheduler_kwargs", '{"num_cycles": 1}']
    changed = settings_of(*flags).changed
    assert json.loads(json.dumps(changed)) == changed
    assert changed["lr_scheduler_type"] == "cosine"
    with pytest.raises(InputError, match="--hub_token does not work in a grid") as error:
        settings_of("--hub_token", "hf_abc")
    assert "hf_abc" not in str(error.value)


@pytest.mark.parametrize("name", ["--select_steps", "--max_eval_examples", "--cell_count"])
def test_counts_below_one_are_refused(settings_of, name):
    with pytest.raises(InputError, match=f"{name}: expected 1 or more. Got 0."):
        settings_of(name, "0")
