"""How to use a model, as code that can be pasted, and how to make it again."""

from collections.abc import Mapping
from typing import Any

import yaml

from hf_mixtrain.results import portable_settings

# Stands in the snippets of a card until it is published; see `hf_mixtrain.cards.publish`.
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
