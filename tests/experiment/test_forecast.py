"""What `--dry_run` says that a grid will take."""

from pathlib import Path

import pytest
from safetensors import safe_open

from hf_mixtrain.experiment.cells import Cell, grid
from hf_mixtrain.experiment.forecast import forecast, model_bytes
from hf_mixtrain.experiment.grid_data import GridData
from hf_mixtrain.experiment.kept_models import keep_best_models
from hf_mixtrain.experiment.plan import costs
from hf_mixtrain.results import write_results

FLAGS = ["--method", "zero-shot", "ord-fs", "mix-ft", "--seeds", "1", "2", "--shots", "1", "5"]


@pytest.fixture
def predict(settings_of):
    def predict(*flags, finished=()):
        settings = settings_of(*FLAGS, *flags)
        return forecast(settings, grid(settings.run, "panx"), dict(finished), GridData(settings)), settings

    return predict


def test_shared_trainings_count_once_and_models_by_what_is_kept(predict):
    found, _ = predict()
    assert found.cells == 10
    assert found.trainings == 2 * (1 + 2 * (2 + 1))  # of each seed: the source, and for each K two targets and mix-ft
    assert found.kept == 2 * (1 + 2 * (3 + 1))
    assert predict("--save_models", "none")[0].kept == 0
    assert predict("--save_models", "last")[0].kept == predict("--save_models", "best")[0].kept == found.kept / 2


def test_time_follows_from_a_finished_cell(predict):
    none, settings = predict()
    assert none.seconds is None
    cell = Cell("panx", "zero-shot", 0, 1)
    trained = costs([cell], settings, GridData(settings))
    of_training = max(trained.values())  # the rest are evaluations
    found, _ = predict(finished={cell: {"train_seconds": of_training / 10}}.items())
    assert found.seconds == pytest.approx(found.examples / 10)


def test_evaluations_on_dev_data_cost_time(settings_of):
    cell = [Cell("panx", "naive-mix-train", 5, 1)]
    totals = []
    for flags in ([], ["--select_on", "source-dev", "--select_steps", "5"]):
        settings = settings_of("--method", "naive-mix-train", *flags)
        totals.append(sum(costs(cell, settings, GridData(settings)).values()))
    updates = 58 * 4 / 8
    assert totals[1] - totals[0] == 6 * -(-updates // 5)  # six dev rows, every five updates and at the last one


def test_a_model_has_the_size_of_its_weights(encoder_dir):
    with safe_open(encoder_dir / "model.safetensors", "pt") as weights:
        numbers = sum(weights.get_tensor(name).numel() for name in weights.keys())  # noqa: SIM118
    assert model_bytes(str(encoder_dir)) == 4 * numbers
    assert model_bytes("no/such-model") is None


def test_only_the_best_seed_keeps_its_model(tmp_path):
    cells = [Cell("panx", "mix-ft", 5, seed) for seed in (1, 2, 3)]
    for cell, score in zip(cells, (70.0, 80.0, 80.0), strict=True):
        folder = cell.folder(tmp_path)
        (folder / "de").mkdir(parents=True)
        for name in ("model.safetensors", "config.json", "de/model.safetensors", "README.md"):
            (folder / name).touch()
        results = {"task": "panx", "method": "mix-ft", "shots": 5, "seed": cell.seed, "model": "m", "metric": "f1"}
        results |= {"languages": ["en"], "scores": {"en": {"f1": score}}, "average": score, "settings": {}}
        results |= {"shot_ids": {}, "versions": {}, "train_seconds": 1.0, "peak_memory_bytes": 1, "surgery": {}}
        write_results(folder, results)
    keep_best_models([*cells, Cell("panx", "mix-ft", 5, 4)], Path(tmp_path))
    left = [sorted(path.name for path in cell.folder(tmp_path).iterdir()) for cell in cells]
    assert left[0] == left[2] == ["README.md", "results.json"]
    assert left[1] == ["README.md", "config.json", "de", "model.safetensors", "results.json"]
