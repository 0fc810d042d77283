"""The similarity of gradients of a checkpoint, on a task's shots."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers

from hf_mixtrain.data import FewShotData, Task, data_collator, featurize, load_fewshot, load_task
from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.encoders import resolve_model
from hf_mixtrain.errors import InputError
from hf_mixtrain.hub import load_model, load_tokenizer
from hf_mixtrain.shot_count import ALL_SHOTS, ShotsByLanguage, shot_count, written_count
from hf_mixtrain.similarity.gradients import gradient_similarity, language_batches
from hf_mixtrain.similarity.heatmap import write_similarity
from hf_mixtrain.source_languages import source_languages


def checkpoint_similarity(
    checkpoint: str,
    *,
    task: str,
    data_source: str = "hub",
    shots: int | str | Mapping[str, int | str] = 5,
    seed: int = 1,
    languages: Sequence[str] | None = None,
    source_language: str | Sequence[str] = "en",
    max_length: int | None = None,
    batch_size: int = 8,
    sketch_size: int | None = None,
    device: str | None = None,
    output: str | Path = "similarity",
) -> list[Path]:
    """Compare the gradients of all languages at a checkpoint, and write numbers and heat map.

    The rows are the K shots that a training with this seed has; of the source language as many rows of its train set.

    Args:
        checkpoint: Folder or Hub name of a model for the task, or an encoder: the seed decides its new head.
        task: A task's name, or the path of its YAML file.
        data_source: ``"hub"``, ``"demo"``, or a folder in XTREME's layout.
        shots: K, 1 or more, ``"all"``, or K for each language, as `hf_mixtrain.data.load_fewshot` takes it.
        seed: Decides the shots, and the weights of a head that the checkpoint does not have.
        languages: Target languages. Default: all of the task that the source has.
        source_language: The language with the full training set, or several, with commas between them or as a list.
        max_length: Most tokens of an input. Default: the task's.
        batch_size: Most rows of a batch; it changes only the weight of a last, smaller batch.
        sketch_size: See `gradient_similarity`.
        device: Where to compute. Default: the accelerator if there is one, else the CPU.
        output: Path of the files without ``.json`` and ``.png``.

    Returns:
        The files: JSON, and PNG where matplotlib is installed.

    Raises:
        InputError: If something is missing or not as expected.

    Example:
        >>> import tempfile
        >>> from transformers import BertConfig, BertModel, PreTrainedTokenizerFast
        >>> from tokenizers import Tokenizer, models, pre_tokenizers
        >>> words = {"[UNK]": 0, "[PAD]": 1, "Ann": 2, "lives": 3, "in": 4, "York": 5}
        >>> backend = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
        >>> backend.pre_tokenizer = pre_tokenizers.Whitespace()
        >>> tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]", pad_token="[PAD]")
        >>> folder = Path(tempfile.mkdtemp())
        >>> size = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
        >>> for part in (BertModel(BertConfig(vocab_size=6, **size)), tokenizer):
        ...     _ = part.save_pretrained(folder)
        >>> files = checkpoint_similarity(str(folder), task="panx", data_source="demo", shots=1, languages=["de", "sw"],
        ...                               device="cpu", output=folder / "map")
        >>> files[0].name
        'map.json'
    """
    k, sources = shot_count(shots), source_languages(source_language)
    for name, value in {"shots": k, "batch_size": batch_size}.items():
        if value < 1:
            raise InputError(f"`{name}` must be 1 or more to compare gradients. Got {value}.")
    target = device_named(device)
    found_task = load_task(task)
    data = load_fewshot(
        found_task,
        shots=k,
        seed=seed,
        languages=languages,
        source=data_source,
        source_language=sources,
        max_source_examples=_source_rows(found_task, k),
        max_eval_examples=1,
    )
    model, tokenizer = load_for_data(checkpoint, data)
    rows = {**data.train_by_language, **data.shots}
    features = {
        language: featurize(found_task, dataset, tokenizer, training=True, max_length=max_length)
        for language, dataset in rows.items()
    }
    batches = language_batches(features, data_collator(found_task, tokenizer), batch_size=batch_size)
    similarity = gradient_similarity(model.to(target), batches, sketch_size=sketch_size)
    about = {"checkpoint": checkpoint, "task": found_task.name, "shots": written_count(k), "seed": seed}
    name = re.split(r"[/:]", str(checkpoint).rstrip("/"))[-1]
    title = f"{found_task.name}, {name}: gradients of {k} rows per language, seed {seed}"
    return write_similarity(similarity, output, title=title, **about)


def _source_rows(task: Task, k: int) -> int | None:
    """Return how many rows of the source are as many as the shots of a target; None for all."""
    most = max(k.by_language.values()) if isinstance(k, ShotsByLanguage) else k
    if most == ALL_SHOTS:
        return None
    return most * (len(task.labels) if task.kind == "text-classification" else 1)


def load_for_data(checkpoint: str, data: FewShotData) -> tuple[Any, Any]:
    """Return the model and tokenizer of a checkpoint for a task; the data's seed decides a head that is missing."""
    folder = resolve_model(checkpoint)
    labels: dict[str, Any] = {}
    if data.task.labels:
        labels = {"id2label": dict(enumerate(data.task.labels)), "num_labels": len(data.task.labels)}
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(data.seed)  # for the head that an encoder does not have
            model = load_model(
                getattr(transformers, KINDS[data.task.kind].auto_model), folder, dtype=torch.float32, **labels
            )
        return model, load_tokenizer(folder)
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise InputError(
            f"{checkpoint}: cannot be loaded for {data.task.name} ({reason}). Expected the folder or Hub name of a "
            "model for this task."
        ) from error


def device_named(name: str | None) -> torch.device:
    """Return a device by its name, the accelerator if there is one for None; `InputError` if it cannot be used."""
    if name is None:
        found = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
        return found or torch.device("cpu")
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise InputError(f"`device` {name!r} cannot be used ({reason}). Leave it out, or use 'cpu'.") from error
    return torch.device(name)
