"""Checkpoints of a training that goes on: checked before they are used."""

import json
import logging
import re
from pathlib import Path

from accelerate import PartialState
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from hf_mixtrain.checksums import damaged_file, read_json, write_checksums

logger = logging.getLogger(__name__)

_NAME = re.compile(rf"{PREFIX_CHECKPOINT_DIR}-(\d+)")


class CheckpointChecksums(TrainerCallback):
    """Writes the checksums of each checkpoint into it, when all processes have written their parts."""

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object) -> None:
        """Write them."""
        PartialState().wait_for_everyone()
        if state.is_world_process_zero:
            write_checksums(Path(args.output_dir or ".", f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}"))


def last_checkpoint(folder: str | Path) -> str | None:
    """Return the last checkpoint below ``folder`` that is whole, or None; one that is damaged is named in the log.

    Example:
        >>> last_checkpoint("no/such/folder") is None
        True
    """
    numbers = {}
    for path in Path(folder).glob(f"{PREFIX_CHECKPOINT_DIR}-*"):
        if match := _NAME.fullmatch(path.name):
            numbers[int(match[1])] = path
    for number in sorted(numbers, reverse=True):
        if _is_whole(numbers[number]):
            return str(numbers[number])
    return None


def _is_whole(path: Path) -> bool:
    try:
        # The Trainer writes it last: without it, the process was killed while it wrote the checkpoint.
        text = (path / "trainer_state.json").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        logger.warning("%s is damaged: trainer_state.json is no JSON. Training goes on without it.", path)
        return False
    checksums = read_json(path / "checksums.json") or {}
    if name := damaged_file(path, checksums):
        logger.warning("%s is damaged: %s is not as it was written. Training goes on without it.", path, name)
        return False
    return True
