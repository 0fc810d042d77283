import os

import pytest
import torch

from hf_mixtrain.experiment import environment


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    monkeypatch.setattr("psutil.cpu_count", lambda logical: 2)
    for name in ("ACCELERATE_MIXED_PRECISION", "OMP_NUM_THREADS", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("variables", "threads"),
    [
        ({"ACCELERATE_MIXED_PRECISION": "no", "OMP_NUM_THREADS": "1"}, 2),
        ({"ACCELERATE_MIXED_PRECISION": "no", "OMP_NUM_THREADS": "1", "WORLD_SIZE": "2"}, 1),
        ({"ACCELERATE_MIXED_PRECISION": "no", "OMP_NUM_THREADS": "4"}, 1),
        ({"OMP_NUM_THREADS": "1"}, 1),
    ],
    ids=["launched alone", "launched with others", "launched with a number of threads", "not launched"],
)
def test_a_process_launched_alone_uses_all_cores(monkeypatch, variables, threads):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert environment.use_all_cores() == threads


@pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="only Linux can reset the peak")
def test_the_peak_is_counted_from_the_last_reset():
    block = torch.ones(64_000_000)
    with_block = environment.peak_memory()
    del block
    environment.reset_peak_memory()
    assert environment.peak_memory() < with_block - 128_000_000
