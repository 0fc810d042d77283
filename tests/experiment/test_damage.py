"""What is kept to be used again is checked before it is used; what is damaged is named and made again."""

import json
import logging
import os
import shutil
import signal

import pytest

from hf_mixtrain.experiment.progress import Progress
from hf_mixtrain.experiment.stopping import StoppedError

TIMES = ("train_seconds", "peak_memory_bytes")
FLAGS = ["--method", "mix-ft", "--trim_vocabulary", "true", "--select_on", "source-dev", "--select_steps", "2"]


def results_of(folder):
    (path,) = folder.rglob("mix-ft/**/results.json")
    return {key: value for key, value in json.loads(path.read_text()).items() if key not in TIMES}


def damage(path, how):
    content = bytearray(path.read_bytes())
    if how == "gone":
        path.unlink()
    elif how == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes(content)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory, data_dir, encoder_dir, flags):
    """A folder of a grid that was stopped in its second training, and the results that it should come to."""
    from hf_mixtrain.commands.run import parse_settings
    from hf_mixtrain.experiment.grid_run import run_grid

    folder = tmp_path_factory.mktemp("stopped")
    os.environ["HF_MIXTRAIN_CACHE"] = str(folder / "cache")
    settings = [*flags, *FLAGS, "--num_train_epochs", "1", "--adapt_epochs", "3"]
    run_grid(parse_settings([*settings, "--output_dir", str(folder / "straight")]))
    step, trainings = Progress.step, []

    def stopping(self, update, updates):
        step(self, update, updates)
        trainings.append(update)
        if trainings.count(1) == 2 and update == 4:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Progress, "step", stopping)
        with pytest.raises(StoppedError):
            run_grid(parse_settings([*settings, "--output_dir", str(folder / "stopped")]))
    return folder, settings


@pytest.fixture
def go_on(stopped, tmp_path):
    """Copy the stopped grid, let a function damage the copy, and go on; return the results."""
    from hf_mixtrain.commands.run import parse_settings
    from hf_mixtrain.experiment.grid_run import run_grid

    folder, settings = stopped

    def go_on(harm):
        out = tmp_path / "out"
        shutil.copytree(folder / "stopped", out)
        harm(out / "panx/.stages")
        outcome = run_grid(parse_settings([*settings, "--output_dir", str(out)]))
        assert not outcome.failed, outcome.failed
        return results_of(out)

    return go_on


WHAT = {
    "checkpoint": "*/checkpoint-*/model.safetensors",
    "optimizer": "*/checkpoint-*/optimizer.pt",
    "state": "*/checkpoint-*/trainer_state.json",
    "candidate": "*/best-*/model.safetensors",
    "score": "*/best-*/score.json",
    "record": "*/training.json",
    "model": "*/model/model.safetensors",
    "settings of the model": "*/model/config.json",
    "trimmed encoder": "encoder-*/model.safetensors",
    "trimmed tokenizer": "encoder-*/tokenizer.json",
}


@pytest.mark.parametrize("how", ["cut", "flipped"])
@pytest.mark.parametrize("what", WHAT)
def test_what_is_damaged_is_named_and_made_again(stopped, go_on, caplog, what, how):
    caplog.set_level(logging.WARNING, logger="hf_mixtrain")
    named = []

    def harm(stages):
        paths = sorted(stages.glob(WHAT[what]))
        assert paths
        for path in paths:
            damage(path, how)
            named.append(path.parent)

    assert go_on(harm) == results_of(stopped[0] / "straight")
    said = [record.getMessage() for record in caplog.records if "damaged" in record.getMessage()]
    assert any(str(folder) in line for line in said for folder in named), said


def test_stray_files_and_folders_do_no_harm(stopped, go_on):
    def harm(stages):
        for folder in [stages, *(path for path in stages.iterdir() if path.is_dir())]:
            (folder / "stray.txt").write_text("stray")
            for name in ("checkpoint-x", "best-x", "snapshot-x", "encoder-x", "in-use-x.lock"):
                (folder / name).mkdir()
            (folder / "checkpoint-99999").mkdir()
            (folder / "best-99999").write_text("stray")

    assert go_on(harm) == results_of(stopped[0] / "straight")
