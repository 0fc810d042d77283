"""Whether bf16 makes a processor faster: measured, since the processor's flags do not tell."""

import json
import logging
import platform
import time
from pathlib import Path
from typing import Literal

import torch
from torch import nn

from hf_mixtrain.files import atomic_write_text, cache_dir

logger = logging.getLogger(__name__)

Bf16OnProcessor = Literal["measure", "always", "never"]

_MOST = 0.9  # of float32's time
_DECISION = ".bf16.json"
# One layer of a small encoder, and a batch of short sentences.
_WIDTH, _ROWS, _LENGTH, _TURNS = 384, 8, 24, 5


def bf16_on_processor(choice: Bf16OnProcessor, folder: Path | None = None) -> bool:
    """Tell whether a training that asks for bf16 gets it on a processor.

    What was measured first is kept in the cache folder for this machine and version of torch, and in the folder of the
    grid for all machines that work there: a training that is resumed, and the other processes and cells of a grid,
    compute in the same numbers.

    Args:
        choice: ``"measure"``: bf16 if an encoder layer takes at most 0.9 of float32's time; or a fixed answer.
        folder: The grid's folder, if it has one by now.

    Example:
        >>> bf16_on_processor("always"), bf16_on_processor("never")
        (True, False)
    """
    if choice != "measure":
        return choice == "always"
    if folder is not None and (decided := _kept(folder / _DECISION)) is not None:
        return decided <= _MOST
    path = cache_dir() / f"bf16-{platform.node()}-{platform.machine()}-torch{torch.__version__}.json"
    ratio = _kept(path)
    if ratio is None:
        ratio = _seconds(bf16=True) / _seconds(bf16=False)
        logger.info(
            "On this processor, an encoder layer takes %.2f times as long in bf16 as in float32: training in %s. "
            "--bf16_on_processor always or never decides otherwise.",
            ratio,
            "bf16" if ratio <= _MOST else "float32",
        )
        atomic_write_text(path, json.dumps({"bf16_time_over_float32": round(ratio, 3)}))
        ratio = _kept(path) or ratio  # as the next process will read it
    if folder is not None and folder.is_dir():
        ratio = _decided(folder / _DECISION, ratio)
    return ratio <= _MOST


def _decided(path: Path, ratio: float) -> float:
    """Keep a ratio for all machines of a folder, unless one of them was first; return the one that is kept."""
    text = json.dumps({"bf16_time_over_float32": round(ratio, 3)})
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        if _kept(path) is None:  # a process was killed between making the file and writing into it
            atomic_write_text(path, text)
    except OSError:  # a dry run may look at a folder that it cannot write
        return ratio
    return _kept(path) or ratio


def _kept(path: Path) -> float | None:
    try:
        return float(json.loads(path.read_text(encoding="utf-8"))["bf16_time_over_float32"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _seconds(bf16: bool) -> float:
    """Least processor time of a forward and backward pass through one layer, as a training with ``bf16`` does it."""
    with torch.random.fork_rng(devices=[]):
        layer = nn.TransformerEncoderLayer(_WIDTH, _WIDTH // 32, 4 * _WIDTH, batch_first=True)
        rows = torch.randn(_ROWS, _LENGTH, _WIDTH)
        taken = []
        for _ in range(_TURNS + 1):
            start = time.process_time()
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                hidden = layer(rows)
            hidden.float().square().mean().backward()
            taken.append(time.process_time() - start)
    return min(taken[1:])  # the first one warms up
