"""Pushes of `transformers.Trainer` that upload no pickle and no token, and whose failures are seen."""

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huggingface_hub import CommitInfo, HfApi

from hf_mixtrain.cards import CARD_FILE, keep_sections, restore_sections, write_card
from hf_mixtrain.errors import InputError
from hf_mixtrain.hub.client import explained, hub_api, with_retries
from hf_mixtrain.hub.push import push_files, release_contents
from hf_mixtrain.hub.release_files import is_allowed
from hf_mixtrain.hub.secrets import refuse_secrets
from hf_mixtrain.results import RESULTS_FILE, read_results

if TYPE_CHECKING:
    from transformers import Trainer as _Base
else:
    _Base = object

logger = logging.getLogger(__name__)


class SafePushMixin(_Base):
    """Pushes for `transformers.Trainer` and any subclass of it; training itself is untouched.

    Put it before the Trainer: ``class MyTrainer(SafePushMixin, Trainer)``. It differs from transformers 5.23 in this:

    - only files of a release are uploaded, in one commit: no ``training_args.bin``, which is a pickle, and no
      optimizer states; but with ``hub_strategy="checkpoint"`` or ``"all_checkpoints"``, which ask for them, the whole
      checkpoint follows in a second commit, as `Trainer` does it, and a warning says that it holds pickles.
    - ``training_args.bin`` has no token in it.
    - a branch ``hub_revision`` is made if it is missing.
    - failed pushes during training are told when it ends (`failed_pushes`) instead of being forgotten.
    - the card is made from ``results.json`` if there is one, and hand-written sections of it survive.

    Attributes:
        failed_pushes: Why pushes during training failed; empty if none did. A push at the end sends all there is.

    Example:
        >>> from transformers import Trainer
        >>> class MyTrainer(SafePushMixin, Trainer):
        ...     pass
        >>> issubclass(MyTrainer, Trainer)
        True
    """

    args: Any
    push_in_progress: Any
    failed_pushes: tuple[str, ...] = ()
    _background: HfApi | None = None

    def init_hf_repo(self, token: str | None = None, private: bool | None = None) -> None:
        """Make the repository and the branch if they are missing.

        Raises:
            HubError: If the Hub refuses or cannot be reached.
        """
        if not self.is_world_process_zero():
            return
        if self.args.hub_strategy in ("checkpoint", "all_checkpoints"):
            logger.warning(
                "`hub_strategy=%r` uploads whole checkpoints: they hold pickles (optimizer states, random states, "
                "training_args.bin without the token), which can run code when they are loaded.",
                str(self.args.hub_strategy.value),
            )
        name = self.args.hub_model_id or Path(self.args.output_dir).absolute().name
        with explained(name):
            with_retries(lambda: super(SafePushMixin, self).init_hf_repo(token, private), f"creation of {name}")
        self._make_branch(self.args.hub_revision, token)

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Write the card: from ``results.json`` in the output folder, else as the Trainer does."""
        if not self.is_world_process_zero():
            return
        path = Path(self.args.output_dir, CARD_FILE)
        if self._has_results():
            write_card(self.args.output_dir)
            return
        kept = keep_sections(path.read_text(encoding="utf-8"), path) if path.is_file() else {}
        super().create_model_card(*args, **kwargs)
        if kept:
            path.write_text(restore_sections(path.read_text(encoding="utf-8"), kept), encoding="utf-8")

    def _has_results(self) -> bool:
        """Whether the output folder holds results of ours, and not a file of the user's that has their name."""
        path = Path(self.args.output_dir, RESULTS_FILE)
        if not path.is_file():
            return False
        try:
            read_results(path)
        except InputError as error:
            logger.warning("The card does without %s, which holds no results of a cell: %s", path.name, error)
            return False
        return True

    def push_to_hub(  # type: ignore[override]  # the base class says nothing of futures and other processes
        self,
        commit_message: str | None = "End of training",
        blocking: bool = True,
        token: str | None = None,
        revision: str | None = None,
        private: bool | None = None,
        **kwargs: Any,
    ) -> CommitInfo | Future | None:
        """Save the model, write its card and push both; arguments as those of `Trainer.push_to_hub`.

        Returns:
            The commit; a future of it if not ``blocking``; None on all processes but the first.

        Raises:
            InputError: If the folder cannot be released, say for a token in a file.
            HubError: If the Hub refuses or cannot be reached. The model is saved in ``output_dir`` before.
        """
        texts = {"`revision`": revision or self.args.hub_revision, "`commit_message`": commit_message}
        refuse_secrets({}, texts, [token, self.args.hub_token])
        self.callback_handler.on_push_begin(self.args, self.state, self.control)
        token, revision = token or self.args.hub_token, revision or self.args.hub_revision
        if not self.hub_model_id:
            self.init_hf_repo(token=token, private=private)
        self.save_model(_internal_call=True)
        if not self.is_world_process_zero():
            return None
        tags = [kwargs["tags"]] if isinstance(kwargs.get("tags"), str) else list(kwargs.get("tags") or ())
        kwargs["tags"] = list(dict.fromkeys([*tags, *(getattr(self.model, "model_tags", None) or ())])) or None
        model_name = kwargs.pop("model_name", None) or str(self.hub_model_id).split("/")[-1]
        self.create_model_card(model_name=model_name, **kwargs)
        self._make_branch(revision, token)
        self._finish_current_push()
        has_tokenizer = hasattr(self.processing_class, "convert_tokens_to_ids")
        files = release_contents(self.args.output_dir, str(self.hub_model_id), revision, tokenizer=has_tokenizer)
        message = commit_message or "End of training"
        if blocking:
            return self._push(files, token, revision, message)
        return self._in_background(self._push, files, token, revision, message)

    def _in_background(self, call: Callable[..., Any], *args: Any) -> Future:
        # One client has one thread: pushes go one after the other, as two at a time would not see each other's commits.
        self._background = self._background or hub_api()
        return self._background.run_as_future(call, *args)

    def _push(
        self, files: Mapping[str, Any], token: str | None, revision: str | None, message: str, *, prune: bool = True
    ) -> CommitInfo:
        api, repo_id = hub_api(token), str(self.hub_model_id)
        commit = push_files(api, repo_id, files, branch=revision or "main", message=message, prune=prune)
        return CommitInfo(f"{api.endpoint}/{repo_id}/commit/{commit}", message, "", commit)

    def _push_from_checkpoint(self, checkpoint_folder: str) -> None:
        if not self.is_world_process_zero() or self.args.hub_strategy == "end":
            return
        running = self.push_in_progress is not None and not self.push_in_progress.is_done()
        if running and not self.args.hub_always_push:
            return
        from transformers.utils.hub import PushInProgress

        self.callback_handler.on_push_begin(self.args, self.state, self.control)
        message = f"Training in progress, step {self.state.global_step}"
        # Later checkpoints may delete this one while it is still being uploaded.
        staged = Path(tempfile.mkdtemp(prefix="_push-", dir=self.args.output_dir))
        for path in Path(checkpoint_folder).iterdir():
            if is_allowed(path.name) and path.is_file():
                _link_or_copy(path, staged / path.name)
        # Saving takes the token out of the arguments for a moment, so a thread must not look there.
        to = (self.args.hub_token, self.args.hub_revision)
        jobs = [self._in_background(self._push_staged, staged, *to, message)]
        if self.args.hub_strategy in ("checkpoint", "all_checkpoints"):
            last = self.args.hub_strategy == "checkpoint"
            name = "last-checkpoint" if last else Path(checkpoint_folder).name
            whole = Path(tempfile.mkdtemp(prefix="_push-", dir=self.args.output_dir))
            shutil.copytree(checkpoint_folder, whole / name, copy_function=_link_or_copy)
            jobs.append(self._in_background(self._push_staged, whole, *to, f"{message}, checkpoint"))
        if running:
            self.push_in_progress.jobs.extend(jobs)
        else:
            self._collect_failures()
            self.push_in_progress = PushInProgress(jobs)  # type: ignore[arg-type]  # its annotation is for one job

    def _push_staged(self, staged: Path, token: str | None, revision: str | None, message: str) -> None:
        try:
            paths = sorted(path for path in staged.rglob("*") if path.is_file())
            files = {path.relative_to(staged).as_posix(): path for path in paths}
            self._push(files, token, revision, message, prune=False)
        finally:
            shutil.rmtree(staged, ignore_errors=True)

    def _finish_current_push(self) -> None:
        super()._finish_current_push()
        if self._collect_failures():
            logger.warning(
                "%d pushes during training failed, the last one because of: %s Nothing is lost: "
                "`trainer.push_to_hub()` sends the model in %s.",
                len(self.failed_pushes),
                self.failed_pushes[-1],
                self.args.output_dir,
            )

    def _collect_failures(self) -> bool:
        """Take the errors out of the jobs that are done, which nobody else looks at."""
        jobs = getattr(getattr(self, "push_in_progress", None), "jobs", [])
        errors = [str(error) for job in jobs if job.done() and (error := job.exception())]
        self.failed_pushes += tuple(errors)
        if jobs and all(job.done() for job in jobs):
            self.push_in_progress = None
        return bool(errors)

    def _make_branch(self, revision: str | None, token: str | None) -> None:
        if revision is None or not self.hub_model_id:
            return
        api, repo_id = hub_api(token or self.args.hub_token), str(self.hub_model_id)
        with explained(repo_id, revision):
            with_retries(lambda: api.create_branch(repo_id, branch=revision, exist_ok=True), f"branch of {repo_id}")

    def _save(self, *args: Any, **kwargs: Any) -> None:
        with _without_token(self.args):
            super()._save(*args, **kwargs)


@contextmanager
def _without_token(args: Any) -> Iterator[None]:
    """`Trainer._save` pickles the arguments as they are, token and all."""
    token, args.hub_token = args.hub_token, None
    try:
        yield
    finally:
        args.hub_token = token


def _link_or_copy(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)
