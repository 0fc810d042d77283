"""How much faster two launches on one folder run a grid than one: ``python -m benchmarks.shared_grid``.

24 cells of a tiny encoder on the demo corpus, one thread for each launch, with and without a third launch that is
killed while it holds a claim. Wall time, and the processor time of the busiest launch, are given as ratios to one
launch alone: processor time depends less on what else the machine does.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

_CELLS = ["--method", "naive-mix-train", "gradient-mix-train", "--shots", "1", "5", "--seeds", *"123456"]


def main() -> int:
    """Measure, and print one JSON line; fail if a cell was not trained exactly once."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _save_encoder(folder / "encoder")
        _run(folder, folder / "warm", 1, killed=False, more=["--seeds", "1", "--shots", "1"])
        alone = _run(folder, folder / "one", 1, killed=False)
        found = {"one": alone, "two": _run(folder, folder / "two", 2, killed=False)}
        found["two and a killed one"] = _run(folder, folder / "killed", 2, killed=True)
        ratios = {
            name: {"wall": round(wall / alone[0], 2), "processor": round(processor / alone[1], 2)}
            for name, (wall, processor) in found.items()
        }
        print(json.dumps({"seconds of one launch": {"wall": alone[0], "processor": alone[1]}, "ratios": ratios}))
    return 0


def _run(folder: Path, out: Path, launches: int, *, killed: bool, more: Sequence[str] = ()) -> tuple[float, float]:
    command = [
        *[sys.executable, "-m", "hf_mixtrain", "run", "--task", "panx", "--data_source", "demo", *_CELLS],
        *["--languages", "de", "sw", "--model_name_or_path", str(folder / "encoder"), "--max_length", "32"],
        *["--max_steps", "150", "--learning_rate", "1e-3", "--use_cpu", "true", "--save_models", "none"],
        *["--max_eval_examples", "50", "--output_dir", str(out), *more],
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_MIXTRAIN_CACHE": str(folder / "cache")}
    log = folder / f"{out.name}.log"
    with log.open("w") as file:
        victim = subprocess.Popen(command, stdout=file, stderr=file, env=environment) if killed else None
        while victim is not None and "training on" not in log.read_text():
            time.sleep(0.05)
        start = time.monotonic()
        running = [subprocess.Popen(command, stdout=file, stderr=file, env=environment) for _ in range(launches)]
        if victim is not None:
            victim.send_signal(signal.SIGKILL)
            victim.wait()
        used = [_wait(process) for process in running]
        wall = time.monotonic() - start
    begun = [line for line in log.read_text().splitlines() if line.startswith("[")]
    expected = 2 if more else 24 + killed
    if len(begun) != expected or len(list(out.rglob("results.json"))) != expected - killed:
        raise SystemExit(f"expected {expected} cells to be begun, found {len(begun)}:\n{log.read_text()}")
    return wall, max(used)


def _save_encoder(folder: Path) -> None:
    pieces = {piece: number for number, piece in enumerate(("[PAD]", "[UNK]", "[CLS]", "[SEP]"))}
    backend = Tokenizer(models.WordLevel(pieces, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=backend, **special).save_pretrained(folder)
    sizes: dict[str, Any] = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    sizes |= {"intermediate_size": 128, "vocab_size": len(pieces), "max_position_embeddings": 64}
    BertModel(BertConfig(**sizes)).save_pretrained(folder)


def _wait(process: "subprocess.Popen[bytes]") -> float:
    """Wait for a process and return the processor time that it took."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"a launch ended with {process.returncode}")
    return _seconds(usage)


def _seconds(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
