"""A store of trainings, found again by a key that is made from all that decides them. It trains nothing itself."""

import dataclasses
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accelerate import PartialState

from hf_mixtrain.checksums import checksums_of, damaged_file, read_json, write_json
from hf_mixtrain.experiment.locks import claims_in, on_main_process
from hf_mixtrain.files import remove

logger = logging.getLogger(__name__)

_RECORD, _MODEL, _SCORES, _EXPORTED = "training.json", "model", "scores", "exported.json"


class TrainedElsewhereError(Exception):
    """Another launch makes the training that is needed; it will be there later."""


@dataclass
class Trained:
    """What a training left behind, besides its model.

    Attributes:
        train_seconds: Time in the training loop, evaluation on dev data included; over all tries of an interrupted one.
        peak_memory_bytes: Most memory while training.
        updates: Number of updates.
        final_loss: Loss of the last update; None if it, or a weight after it, is no finite number.
        surgery: What surgery did; empty without surgery.
        key: Its key in the store; empty before it is there.
        before: The training that it started from; None if it started from an encoder.
    """

    train_seconds: float
    peak_memory_bytes: int
    updates: int
    final_loss: float | None
    surgery: dict[str, Any] = field(default_factory=dict)
    key: str = ""
    before: "Trained | None" = None

    def chain(self) -> "Iterator[Trained]":
        """Yield this training and those before it."""
        yield self
        if self.before is not None:
            yield from self.before.chain()


class TrainingStore:
    """Trained models, their records, and their scores.

    Args:
        root: Where they are kept.

    Example:
        >>> import tempfile
        >>> store = TrainingStore(Path(tempfile.mkdtemp()))
        >>> (store.model("a1") / "config.json").parent.mkdir(parents=True)
        >>> _ = (store.model("a1") / "config.json").write_text("{}")
        >>> store.write("a1", Trained(1.0, 1, updates=10, final_loss=0.5))
        >>> store.read("a1").updates, store.read("b2")
        (10, None)
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._claims = claims_in(root / "claims")

    @contextmanager
    def claimed(self, key: str) -> Iterator[None]:
        """Let no other launch make a training while this lasts.

        Raises:
            TrainedElsewhereError: If another launch makes it at this moment.
        """
        claim = None
        if PartialState().is_main_process:
            claim = self._claims.take(key)
        if not on_main_process(lambda: claim is not None):
            raise TrainedElsewhereError(key)
        try:
            yield
        finally:
            if claim is not None:
                claim.release()

    def is_claimed(self, key: str) -> bool:
        """Tell whether a launch makes a training at this moment."""
        return not self._claims.is_free(key)

    def folder(self, key: str) -> Path:
        """Return where a training keeps its checkpoints while it goes on."""
        return self.root / key

    def model(self, key: str) -> Path:
        """Return where the model of a training is."""
        return self.folder(key) / _MODEL

    def read(self, key: str, *, with_model: bool = False) -> Trained | None:
        """Return what is known of a training, None if it is not there or damaged.

        Args:
            key: Its key.
            with_model: Whether its model is needed, and not its record alone.
        """
        record = read_json(self.folder(key) / _RECORD)
        if record is None:
            return None
        if with_model:
            if not self.model(key).is_dir():
                return None
            if name := damaged_file(self.model(key), record["model"]):
                logger.warning("%s is damaged: %s is not as it was written. Training again.", self.model(key), name)
                remove(self.folder(key))
                return None
        return _trained(record["training"])

    def write(self, key: str, trained: Trained) -> None:
        """Keep a training whose model is in `model`; checkpoints and whatever else is in its folder go."""
        trained.key = key
        record = {"training": dataclasses.asdict(trained), "model": checksums_of(self.model(key))}
        write_json(self.folder(key) / _RECORD, record)
        for path in self.folder(key).iterdir():
            if path.name not in (_RECORD, _MODEL):
                remove(path)

    def read_scores(self, key: str, name: str, of: Mapping[str, Any]) -> Any:
        """Return what an evaluation found, None if there was none, of other rows, or in another way.

        Args:
            key: The training.
            name: The language that it was tested on, or another name for what was looked at.
            of: What decides the evaluation beside the model.
        """
        found = read_json(self._scores_file(key, name))
        return found["found"] if found is not None and found["of"] == of else None

    def write_scores(self, key: str, name: str, of: Mapping[str, Any], found: Any) -> None:
        """Keep what an evaluation found; see `read_scores`."""
        write_json(self._scores_file(key, name), {"of": of, "found": found})

    def read_exported(self, key: str) -> dict[str, str] | None:
        """Return the checksums of the model as it was exported, None if it was not."""
        found: dict[str, str] | None = read_json(self.folder(key) / _EXPORTED)
        return found

    def write_exported(self, key: str, checksums: Mapping[str, str]) -> None:
        """Note that the model was exported; see `read_exported`."""
        write_json(self.folder(key) / _EXPORTED, checksums)

    def drop_model(self, key: str) -> None:
        """Forget the model of a training; its record and its scores are still known."""
        remove(self.model(key))

    def drop(self, key: str) -> None:
        """Forget a training."""
        remove(self.folder(key))

    def _scores_file(self, key: str, name: str) -> Path:
        return self.folder(key) / _SCORES / f"{name}.json"


def _trained(record: dict[str, Any]) -> Trained:
    before = record.pop("before")
    return Trained(**record, before=_trained(before) if before else None)
