"""The diagnosis of a checkpoint on a task's data."""

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from torch import nn

from hf_mixtrain.data import FewShotData, data_collator, featurize, load_fewshot, load_task
from hf_mixtrain.diagnosis.progress import Progress, progress_of_gram
from hf_mixtrain.diagnosis.table import table_of
from hf_mixtrain.errors import InputError
from hf_mixtrain.evaluating import evaluating
from hf_mixtrain.files import atomic_write_text
from hf_mixtrain.report.table import Table
from hf_mixtrain.shot_count import shot_count, written_count
from hf_mixtrain.similarity.checkpoint import device_named, load_for_data
from hf_mixtrain.similarity.gradients import Batch, gradient_similarity, language_batches
from hf_mixtrain.source_languages import source_languages


def diagnose_checkpoint(
    checkpoint: str,
    *,
    task: str,
    data_source: str = "hub",
    shots: int | str | Mapping[str, int | str] = 5,
    seed: int = 1,
    languages: Sequence[str] | None = None,
    source_language: str | Sequence[str] = "en",
    max_source_examples: int | None = None,
    max_length: int | None = None,
    batches: int = 8,
    batch_size: int = 16,
    held_out: int = 32,
    device: str | None = None,
    output: str | Path = "diagnosis.json",
) -> Table:
    """Measure what an update at a checkpoint does for held-out text, as it is, with surgery, with the shots repeated.

    Batches are sampled from source rows and shots mixed, as naive-mix-train sees them. Of each target language two
    gradients are computed: that of its K shots, and that of some of its test rows, which are read for this alone.
    Gradients are exact, in evaluation mode, over all trainable parameters: ``batches`` + 2 × languages of them.

    Args:
        checkpoint: Folder or Hub name of a model for the task, or an encoder: the seed decides its new head.
        task: A task's name, or the path of its YAML file.
        data_source: ``"hub"``, ``"demo"``, or a folder in XTREME's layout.
        shots: K, 1 or more, ``"all"``, or K for each language, as `hf_mixtrain.data.load_fewshot` takes it.
        seed: Decides the shots, the batches, and the weights of a head that the checkpoint does not have.
        languages: Target languages. Default: all of the task that the source has.
        source_language: The language with the full training set, or several, with commas between them or as a list.
        max_source_examples: Most rows of the source, as in the training. Default: all.
        max_length: Most tokens of an input. Default: the task's.
        batches: Batches to sample, 3 or more.
        batch_size: Rows of a batch, 1 or more.
        held_out: Most test rows of each target language, 1 or more.
        device: Where to compute. Default: the accelerator if there is one, else the CPU.
        output: Where the numbers go, as JSON.

    Returns:
        The table of the numbers, language by language, with a note that sums them up.

    Raises:
        InputError: If something is missing or not as expected.

    Example:
        >>> import tempfile
        >>> from tokenizers import Tokenizer, models, pre_tokenizers
        >>> from transformers import BertConfig, BertModel, PreTrainedTokenizerFast
        >>> backend = Tokenizer(models.WordLevel({"[UNK]": 0, "[PAD]": 1, "Ann": 2, "York": 3}, unk_token="[UNK]"))
        >>> backend.pre_tokenizer = pre_tokenizers.Whitespace()
        >>> tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]", pad_token="[PAD]")
        >>> size = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
        >>> folder = Path(tempfile.mkdtemp())
        >>> for part in (BertModel(BertConfig(vocab_size=4, **size)), tokenizer):
        ...     _ = part.save_pretrained(folder)
        >>> table = diagnose_checkpoint(str(folder), task="panx", data_source="demo", shots=1, languages=["de", "sw"],
        ...                             batches=3, held_out=2, device="cpu", output=folder / "diagnosis.json")
        >>> (folder / "diagnosis.json").exists()
        True
    """
    k = shot_count(shots)
    for name, value, least in (
        ("shots", k, 1),
        ("batches", batches, 3),
        ("batch_size", batch_size, 1),
        ("held_out", held_out, 1),
    ):
        if value < least:
            raise InputError(f"`{name}` must be {least} or more for a diagnosis. Got {value}.")
    target = device_named(device)
    data = load_fewshot(
        load_task(task),
        shots=k,
        seed=seed,
        languages=languages,
        source=data_source,
        source_language=source_languages(source_language),
        max_source_examples=max_source_examples,
        max_eval_examples=held_out,
    )
    measured = [language for language, rows in data.shots.items() if len(rows) and language in data.test]
    if not measured:
        raise InputError("no target language has both shots and test rows. Expected one or more to measure.")
    model, tokenizer = load_for_data(checkpoint, data)
    rows = _rows(data, measured, batches, batch_size)
    collator = data_collator(data.task, tokenizer)
    features = {
        name: featurize(data.task, dataset, tokenizer, training=True, max_length=max_length)
        for name, dataset in rows.items()
    }
    found = language_batches(features, collator, batch_size=batch_size)
    model.to(target)
    losses = {name: _loss(model, found[name]) for name in list(found)[batches:]}
    gram = _gram(model, found)
    weights = [len(data.shots[language]) / batch_size for language in measured]
    progress = progress_of_gram(gram, batches=batches, weights=weights)
    about = {"checkpoint": checkpoint, "task": data.task.name, "shots": written_count(k), "seed": seed}
    _write(output, progress, losses, measured, about)
    return table_of(progress, losses, measured, title=f"{data.task.name}, {Path(checkpoint).name}, K = {k}")


def _rows(data: FewShotData, measured: Sequence[str], batches: int, batch_size: int) -> dict[str, Dataset]:
    """Return the rows of each gradient: the sampled batches, then each language's shots, then its held-out rows."""
    mixed = data.mixed()
    if len(mixed) < batch_size:
        raise InputError(f"expected {batch_size} training rows or more a batch. Got {len(mixed)}. Lower `batch_size`.")
    sampled = random.Random(f"diagnosis:{data.seed}")
    rows = {f"batch {n}": mixed.select(sorted(sampled.sample(range(len(mixed)), batch_size))) for n in range(batches)}
    rows.update({f"shots {language}": data.shots[language] for language in measured})
    rows.update({f"text {language}": data.test[language] for language in measured})
    return rows


def _gram(model: nn.Module, found: Mapping[str, Sequence[Batch]]) -> torch.Tensor:
    similarity = gradient_similarity(model, found)
    return similarity.before * similarity.norms * similarity.norms[:, None]


def _loss(model: nn.Module, batches: Sequence[Batch]) -> float:
    device = next(model.parameters()).device
    with evaluating(model), torch.no_grad():
        losses = [model(**{name: value.to(device) for name, value in batch.items()}).loss for batch in batches]
    return torch.stack(losses).mean().item()


def _write(
    output: str | Path,
    progress: Progress,
    losses: Mapping[str, float],
    measured: Sequence[str],
    about: Mapping[str, Any],
) -> None:
    numbers = {
        name: getattr(progress, name).tolist()
        for name in ("plain", "surgery", "repeated", "conflicts", "shots_and_held_out")
    }
    by_language = {
        language: {
            "loss_on_shots": losses[f"shots {language}"],
            "loss_on_held_out": losses[f"text {language}"],
            **{name: values[number] for name, values in numbers.items()},
        }
        for number, language in enumerate(measured)
    }
    gains = {name: getattr(progress, name) for name in ("surgery_gain", "repeated_gain")}
    atomic_write_text(output, json.dumps({**about, "languages": by_language, **gains}, indent=2) + "\n")
