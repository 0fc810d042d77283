"""``--push_to_hub``: each finished cell goes to a repository of its own; what fails is told and costs nothing."""

import logging
import shlex
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from accelerate import PartialState
from huggingface_hub import get_token
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from hf_mixtrain.cards import model_name
from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.cells import Cell
from hf_mixtrain.experiment.settings import Settings
from hf_mixtrain.hub import push_release
from hf_mixtrain.hub.client import within

logger = logging.getLogger(__name__)

_SHORTEST_LIMIT = 180.0  # seconds
_SLOWEST = 250_000.0  # bytes a second
# A push that failed after more seconds than this met silence; for so many times as long, the grid pushes nothing: of
# the time of a grid, a Hub that does not answer takes a tenth at most.
_SILENCE, _PAUSE = 30.0, 10
_FIELDS = ("name", "task", "method", "shots", "seed")


class Publisher:
    """Pushes cells.

    Args:
        settings: The grid's settings.
        cells: All cells of the grid.

    Attributes:
        failed: Of each cell whose last push failed: why, and the command that completes it.

    Raises:
        InputError: If two cells would go to one repository, a name is none, or there is no token.
    """

    def __init__(self, settings: Settings, cells: Iterable[Cell]) -> None:
        self.failed: dict[Cell, str] = {}
        self._not_before = 0.0
        self._repositories = repositories(settings, cells) if settings.push_to_hub else {}
        self._output_dir = Path(settings.training.get("output_dir", "out"))
        self._private = settings.hub_private_repo
        if self._repositories and get_token() is None:
            raise InputError("--push_to_hub needs a token. Run `hf auth login`, or set HF_TOKEN to one that may write.")

    def push(self, cell: Cell) -> None:
        """Push a finished cell; what is on the Hub already is not sent again. An error is noted and not raised."""
        if not self._repositories or not PartialState().is_main_process:
            return
        folder, repository = cell.folder(self._output_dir), self._repositories[cell]
        if time.monotonic() < self._not_before:
            self.failed.setdefault(cell, self._told(folder, repository, "the Hub did not answer the push before."))
            return
        started = time.monotonic()
        try:
            release = within(
                _longest_push(folder),
                lambda: push_release(folder, repository, private=self._private, message=f"Results of {cell}"),
                f"push to {repository}",
            )
        except Exception as error:
            text = " ".join(str(error).split())
            reason = text if isinstance(error, InputError) else f"{type(error).__name__}: {text}"
            self.failed[cell] = self._told(folder, repository, reason)
            logger.warning("      not pushed: %s", reason)
            if (lost := time.monotonic() - started) > _SILENCE:
                self._not_before = time.monotonic() + _PAUSE * lost
            return
        self.failed.pop(cell, None)
        if release.changed:
            logger.info("      pushed: %s", release.url)

    def _told(self, folder: Path, repository: str, reason: str) -> str:
        words = ["hf-mixtrain", "push", str(folder), repository, *(["--private"] if self._private else [])]
        return f"{reason} To complete it: {shlex.join(words)}"


def _longest_push(folder: Path) -> float:
    """Seconds after which the grid goes on: what is stuck for longer than a slow line takes will not come back."""
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return _SHORTEST_LIMIT + size / _SLOWEST


def repositories(settings: Settings, cells: Iterable[Cell]) -> Mapping[Cell, str]:
    """Name the repository of each cell, from the template ``--hub_model_id``.

    Args:
        settings: The grid's settings; without ``--hub_model_id``, a repository is named as the model is on its card.
        cells: All cells of the grid.

    Returns:
        ``name/model``, or ``model`` alone in the account of the token.

    Raises:
        InputError: If two cells would go to one repository, or a name is none.
    """
    if settings.run.use_peft and settings.run.lora_export == "adapter":
        raise InputError("--push_to_hub needs whole models. Expected --lora_export merged. Got adapter.")
    template = settings.hub_model_id or "{name}"
    found: dict[Cell, str] = {}
    for cell in cells:
        values = {"task": cell.task, "method": cell.method_name, "shots": cell.shots, "seed": cell.seed}
        try:
            found[cell] = template.format(name=model_name({"model": settings.model} | values), **values)
            validate_repo_id(found[cell])
        except (LookupError, ValueError, HFValidationError) as error:
            raise InputError(
                f"--hub_model_id {template}: expected the name of a repository, in which "
                f"{', '.join(f'{{{field}}}' for field in _FIELDS)} stand for those of a cell. "
                f"Got {type(error).__name__}: {error}"
            ) from None
    if len(set(found.values())) < len(found):
        raise InputError(
            f"--hub_model_id {template}: expected a name of its own for each of the {len(found)} cells of the grid. "
            f"Use {template}-{{name}}, or another place for {', '.join(f'{{{field}}}' for field in _FIELDS)}."
        )
    return found
