"""Trainings in two processes; run by test_distributed.py through torch's launcher.

Usage: python -m torch.distributed.run --standalone --nproc_per_node 2 distributed_worker.py FOLDER SCENARIO …
"""

import copy
import os
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from accelerate.state import AcceleratorState
from torch.distributed.tensor import DTensor

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.trainer.distributed_scenarios import SCENARIOS, make
from tests.trainer.tiny import MIXED


def full(weight):
    return weight.full_tensor() if isinstance(weight, DTensor) else weight


def evaluated_again(trainer, start):
    if start is None:
        return None
    trainer.model.load_state_dict(start)
    return trainer.evaluate(MIXED[:8])["eval_loss"]


def main(folder, names):
    for name in names:
        trainer = make(Path(folder, name), name, processes=2)
        rows = []
        drawn = trainer._draw
        trainer._draw = lambda micro_step, drawn=drawn, rows=rows: rows.append(drawn(micro_step)) or rows[-1]
        start = None if name.startswith("fsdp2") else copy.deepcopy(trainer.model.state_dict())
        before = trainer.evaluate(MIXED[:8])["eval_loss"] if start else None
        trainer.train(resume_from_checkpoint=SCENARIOS[name].get("resume"))
        net = trainer.accelerator.unwrap_model(trainer.model_wrapped)
        state = {key.removeprefix("module."): full(p.detach()).clone() for key, p in net.named_parameters()}
        found = {
            "weights": state,
            "draws": rows,
            "statistics": trainer.surgery_statistics.to_dict(),
            "log": trainer.state.log_history,
            "evaluated": (before, evaluated_again(trainer, start)),
            "sharded": any(isinstance(p, DTensor) for p in net.parameters()),
        }
        torch.save(found, Path(folder, f"{name}.{dist.get_rank()}.pt"))
        dist.barrier()
        AcceleratorState._reset_state()  # the next scenario may want FSDP
    # All is on the disk. gloo (torch 2.13) now and then aborts a process that takes itself apart.
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
