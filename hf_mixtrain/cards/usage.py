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
from hf_mixtrain.shot_count import written_count
from hf_mixtrain.source_languages import sources_of

# Stands in the snippets of a card until it is published; see `hf_mixtrain.cards.published_card`.
FOLDER = '"path/to/this/folder"'

# Whom the examples of cards are about: a sentence with a person, a place and every common part of speech.
_SENTENCE = "Wangari Maathai was born in Nyeri."
_QUESTION = "Where was Wangari Maathai born?"
_TEXT, _SECOND = "The river rose all night.", "It rained."

_PREDICT = """from hf_mixtrain import predict
from hf_mixtrain.prediction import load_model

model = load_model({model})
print(predict(model, [{example}]))"""
_WORDS = """from transformers import AutoModelForTokenClassification, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({model})
model = AutoModelForTokenClassification.from_pretrained({model})
words = "Wangari Maathai was born in Nyeri .".split()
inputs = tokenizer(words, is_split_into_words=True, truncation=True, return_tensors="pt")
labels = model(**inputs).logits[0].argmax(-1).tolist()
pieces = list(zip(inputs.word_ids(), inputs.tokens(), labels))
for word, text in enumerate(words):  # {rule}
    first = next(label for at, piece, label in pieces if at == word{condition})
    print(text, model.config.id2label[first])"""
_PIPELINE = """from transformers import pipeline

classifier = pipeline("text-classification", model={model})
print(classifier({example}))"""


def example_input(kind: str) -> dict[str, str]:
    """Return an input in English for a kind of task, as widgets of the Hub take it.

    Example:
        >>> example_input("token-classification")
        {'text': 'Wangari Maathai was born in Nyeri.'}
    """
    if kind == "question-answering":
        return {"text": _QUESTION, "context": _SENTENCE}
    return {"text": _SENTENCE if kind == "token-classification" else _TEXT}


def usage(kind: str, *, pairs: bool = False) -> str:
    """Return a program that uses the model in the folder `FOLDER` as it was scored: raw text in, labels out.

    Args:
        kind: Kind of the task.
        pairs: Whether texts are classified in pairs.

    Returns:
        Python code that needs this package.

    Example:
        >>> print(usage("token-classification").splitlines()[-1])
        print(predict(model, ["Wangari Maathai was born in Nyeri."]))
    """
    if kind == "question-answering":
        example = f"({json.dumps(_QUESTION)}, {json.dumps(_SENTENCE)})"
    elif kind == "text-classification" and pairs:
        example = f"({json.dumps(_TEXT)}, {json.dumps(_SECOND)})"
    else:
        example = json.dumps(example_input(kind)["text"])
    return _PREDICT.format(model=FOLDER, example=example)


def plain_usage(kind: str, label_piece: str = "content", *, pairs: bool = False) -> str | None:
    """Return a program with transformers alone, where one gives the labels that were scored.

    Args:
        kind: Kind of the task.
        label_piece: Which word piece carries a word's label: ``first``, ``content`` or ``all``.
        pairs: Whether texts are classified in pairs.

    Returns:
        Python code, or None: answers in long contexts, and labels of other pieces than a word's first, take more.

    Example:
        >>> plain_usage("question-answering") is None
        True
    """
    if kind == "text-classification":
        two = {"text": _TEXT, "text_pair": _SECOND}
        return _PIPELINE.format(model=FOLDER, example=json.dumps(two if pairs else _TEXT))
    if kind != "token-classification" or label_piece == "all":
        return None
    if label_piece == "first":
        return _WORDS.format(model=FOLDER, rule="its first piece has a word's label", condition="")
    rule = "the first piece that is more than a space has a word's label"
    return _WORDS.format(model=FOLDER, rule=rule, condition=' and piece != "▁"')


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
    sources = sources_of(results)
    cell = {
        "task": results["task"],
        "method": [results["method"]],
        "shots": [written_count(results["shots"])],
        "seeds": [results["seed"]],
        "languages": [language for language in results["languages"] if language not in sources],
        "model_name_or_path": results["model"],
    }
    settings = {key: value for key, value in sorted(results["settings"].items()) if key not in {*cell, "seed", "model"}}
    portable = portable_settings(cell | settings)
    return yaml.safe_dump(portable, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100).strip()


class FolderFacts(NamedTuple):
    """What the folder of a cell holds beside its results; ``parts`` are folders with a model each.

    Example:
        >>> FolderFacts(has_model=True, parts=[], has_shots=True, labels=["O", "B-PER"], sha256={}).labels
        ['O', 'B-PER']
    """

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

    Example:
        >>> facts = folder_facts("model_cards/multilingual-e5-small-xnli-gradient-mix-train-k5-seed1")
        >>> facts.labels, facts.has_shots
        (['contradiction', 'entailment', 'neutral'], True)
    """
    folder = Path(folder)
    weights = sorted(folder.glob("*.safetensors"))
    labels: list[str] = []
    config = folder / "config.json"
    if config.is_file():
        try:
            id2label = json.loads(config.read_text(encoding="utf-8")).get("id2label") or {}
            labels = [str(id2label[key]) for key in sorted(id2label, key=int)]
        except (ValueError, AttributeError, TypeError, RecursionError, OSError) as error:
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
