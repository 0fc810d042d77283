"""What stands in the folder of a cell, how to use it as code that can be pasted, and how to make it again."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from huggingface_hub.utils.sha import sha_fileobj

from hf_mixtrain.errors import InputError
from hf_mixtrain.results import portable_settings

# Stands in the snippets of a card until it is published; see `hf_mixtrain.cards.published_card`.
FOLDER = '"path/to/this/folder"'

_PIPELINES = {
    "token-classification": """from transformers import pipeline

tagger = pipeline("token-classification", model={model}{options})
print(tagger("Wangari Maathai was born in Nyeri."))""",
    "text-classification": """from transformers import pipeline

classifier = pipeline("text-classification", model={model})
print(classifier({{"text": "The river rose all night.", "text_pair": "It rained."}}))""",
    # transformers 5 has no pipeline for extractive question answering.
    "question-answering": """import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({model})
model = AutoModelForQuestionAnswering.from_pretrained({model})
question, context = "Where was Wangari Maathai born?", "Wangari Maathai was born in Nyeri."
inputs = tokenizer(question, context, truncation="only_second", return_offsets_mapping=True, return_tensors="pt")
offsets, parts = inputs.pop("offset_mapping")[0], inputs.sequence_ids(0)
with torch.no_grad():
    output = model(**inputs)
outside = torch.tensor([part != 1 for part in parts])
scores = output.start_logits[0][:, None] + output.end_logits[0][None, :]
scores = scores.masked_fill(outside[:, None] | outside[None, :], -torch.inf)
allowed = torch.ones_like(scores).triu() - torch.ones_like(scores).triu(30)  # at most 30 tokens
start, end = divmod(scores.masked_fill(allowed == 0, -torch.inf).argmax().item(), len(parts))
print(context[offsets[start][0] : offsets[end][1]])""",
}


def usage(kind: str, task: str) -> str:
    """Return a program that uses the model in the folder `FOLDER`.

    Args:
        kind: Kind of the task.
        task: Name of the task; names are grouped into entities except for part-of-speech tags.

    Returns:
        Python code that needs transformers alone.

    Example:
        >>> print(usage("token-classification", "udpos").splitlines()[2])
        tagger = pipeline("token-classification", model="path/to/this/folder")
    """
    options = "" if task == "udpos" else ', aggregation_strategy="simple"'
    return _PIPELINES[kind].format(model=FOLDER, options=options)


def recipe(results: Mapping[str, Any]) -> str:
    """Write the recipe file that repeats a cell.

    Folders of the machine that trained are given by name alone, as ``./NAME``: their paths mean nothing elsewhere.

    Args:
        results: The cell.

    Returns:
        YAML for ``run_xtreme_fewshot.py``.

    Example:
        >>> print(recipe(dict(task="panx", method="mix-ft", shots=5, seed=1, model="m", languages=["en", "de"],
        ...     settings={"learning_rate": 0.5})))
        task: panx
        method: [mix-ft]
        shots: [5]
        seeds: [1]
        languages: [de]
        model_name_or_path: m
        learning_rate: 0.5
    """
    source = results["settings"].get("source_language", "en")
    cell = {
        "task": results["task"],
        "method": [results["method"]],
        "shots": [results["shots"]],
        "seeds": [results["seed"]],
        "languages": [language for language in results["languages"] if language != source],
        "model_name_or_path": results["model"],
    }
    settings = {key: value for key, value in sorted(results["settings"].items()) if key not in {*cell, "seed", "model"}}
    portable = portable_settings(cell | settings)
    return yaml.safe_dump(portable, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100).strip()


class FolderFacts(NamedTuple):
    """What the folder of a cell holds beside its results; ``parts`` are folders with a model each."""

    has_model: bool
    parts: list[str]
    has_shots: bool
    labels: list[str]
    sha256: dict[str, str]


def folder_facts(folder: str | Path) -> FolderFacts:
    """Look at what stands in the folder of a cell.

    Args:
        folder: The cell's folder; it need not hold a model.

    Returns:
        Whether there is a model, its labels in the order of their ids, and the SHA-256 of its weights.

    Raises:
        InputError: If ``config.json`` cannot be read.
    """
    folder = Path(folder)
    weights = sorted(folder.glob("*.safetensors"))
    labels: list[str] = []
    config = folder / "config.json"
    if config.is_file():
        try:
            id2label = json.loads(config.read_text(encoding="utf-8")).get("id2label") or {}
            labels = [id2label[key] for key in sorted(id2label, key=int)]
        except (ValueError, AttributeError) as error:
            raise InputError(f"{config}: not a model configuration ({error}). Save the model again.") from None
    return FolderFacts(
        has_model=config.is_file() and bool(weights),
        parts=sorted(path.parent.name for path in folder.glob("*/config.json")),
        has_shots=(folder / "shots.json").is_file(),
        labels=labels,
        sha256={path.name: _sha256(path) for path in weights},
    )


def shots_checksum(shot_ids: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the ids of all shots, the same whatever the order of languages.

    Example:
        >>> shots_checksum({"de": ["a"], "sw": ["b"]}) == shots_checksum({"sw": ["b"], "de": ["a"]})
        True
    """
    text = json.dumps(shot_ids, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return sha_fileobj(file).hex()
