"""Two processes train as one does, under DDP and FSDP2 (gloo, CPU)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.trainer.distributed_scenarios import SCENARIOS, make
from tests.trainer.tiny import weights

WORKER = Path(__file__).with_name("distributed_worker.py")


def launch(folder, names):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    done = subprocess.run(
        [*command, str(WORKER), str(folder), *names], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-4000:]


@pytest.fixture(scope="module")
def of_two(tmp_path_factory):
    """Run all scenarios in one launch; return what each rank found."""
    folder = tmp_path_factory.mktemp("two processes")
    launch(folder, SCENARIOS)
    return {
        name: [torch.load(folder / f"{name}.{rank}.pt", weights_only=False) for rank in (0, 1)] for name in SCENARIOS
    }


@pytest.mark.parametrize("name", SCENARIOS)
def test_ranks_agree_to_the_last_bit(of_two, name):
    first, second = of_two[name]
    assert all(torch.equal(weight, second["weights"][key]) for key, weight in first["weights"].items())
    assert first["draws"] == second["draws"]
    if "micro-batch" not in name:  # before the last micro-batch, each rank looks at its own gradient
        assert first["statistics"] == second["statistics"]


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name.startswith("ddp") and "dropout" not in name])
def test_training_does_not_change_what_evaluate_says_of_the_same_weights(of_two, name):
    for found in of_two[name]:
        before, after = found["evaluated"]
        assert after == before


EQUAL = [
    "ddp with a loss of its own",
    "ddp with split batches",
    "ddp",
    "ddp with accumulation",
    "ddp with cut oracles",
    "ddp with pcgrad",
    "fsdp2",
    "fsdp2 with accumulation",
]


@pytest.mark.parametrize("name", EQUAL)
def test_two_processes_equal_one_with_the_same_global_batch(tmp_path, of_two, name):
    trainer = make(tmp_path, name, processes=1)
    trainer.train()
    found = of_two[name][0]
    torch.testing.assert_close(found["weights"], weights(trainer.model), rtol=1e-6, atol=1e-9)
    one = trainer.surgery_statistics.to_dict()
    assert found["statistics"]["cosine"] == pytest.approx(one["cosine"], rel=1e-5)
    assert found["statistics"]["conflict_rate"] == one["conflict_rate"] > 0


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name.startswith("fsdp2")])
def test_fsdp2_really_shards(of_two, name):
    assert of_two[name][0]["sharded"]


def test_a_language_with_fewer_shots_than_processes_is_still_an_oracle(of_two):
    found = of_two["ddp with one shot"][0]["statistics"]
    assert found["steps"] == 6
    assert found["skipped"] == 0


def test_resumed_training_of_two_processes_equals_the_straight_one(tmp_path, of_two):
    straight = of_two["ddp saved"][0]
    folder = tmp_path / "ddp saved"
    launch(tmp_path, ["ddp saved"])
    for newer in folder.glob("checkpoint-4"):
        newer.rename(tmp_path / "gone")
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); from tests.trainer import distributed_scenarios as s, "
        "distributed_worker as w; s.SCENARIOS['ddp saved']['resume'] = True; w.main(sys.argv[2], ['ddp saved'])"
    )
    program = tmp_path / "resume.py"
    program.write_text(script)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    arguments = [str(program), str(WORKER.parents[2]), str(tmp_path)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    done = subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    resumed = torch.load(tmp_path / "ddp saved.0.pt", weights_only=False)
    assert all(torch.equal(weight, resumed["weights"][key]) for key, weight in straight["weights"].items())
    assert resumed["draws"] == straight["draws"][2:]
    assert resumed["statistics"] == straight["statistics"]
