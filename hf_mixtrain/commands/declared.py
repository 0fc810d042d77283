"""The flags of a dataclass, read from its source: importing `TrainingArguments` takes torch, and seconds."""

import ast
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

# What `hf_mixtrain.compat` adds to older training arguments. Goes with transformers 5.2.
_ADDED = ("train_sampling_strategy",)


class Flag(NamedTuple):
    """A field of a dataclass: ``kind`` is its annotation as text; ``help`` and ``default`` may be unknown."""

    name: str
    kind: str
    help: str
    default: Any


@cache
def surgery_flags() -> dict[str, Flag]:
    """Return the flags that `GradientMixTrainingArguments` adds.

    Example:
        >>> surgery_flags()["surgery"].default
        'stochastic'
    """
    return _declared(Path(__file__).parent.parent / "trainer" / "arguments.py", "GradientMixTrainingArguments")


@cache
def training_flags() -> dict[str, Flag]:
    """Return the flags of `transformers.TrainingArguments`; empty if its source is not where it was.

    Example:
        >>> "learning_rate" in training_flags()
        True
    """
    spec = importlib.util.find_spec("transformers")
    if spec is None or spec.origin is None:
        return {}
    found = _declared(Path(spec.origin).parent / "training_args.py", "TrainingArguments")
    return found and {**{name: Flag(name, "str", "", None) for name in _ADDED}, **found}


def _declared(path: Path, name: str) -> dict[str, Flag]:
    try:
        module = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, UnicodeDecodeError):
        return {}
    body = next((node.body for node in module.body if isinstance(node, ast.ClassDef) and node.name == name), [])
    fields = [node for node in body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)]
    return {flag.name: flag for flag in map(_flag, fields)}


def _flag(node: ast.AnnAssign) -> Flag:
    values = {word.arg: word.value for word in node.value.keywords} if isinstance(node.value, ast.Call) else {}
    metadata = _literal(values.get("metadata")) or {}
    assert isinstance(node.target, ast.Name)
    return Flag(node.target.id, ast.unparse(node.annotation), metadata.get("help", ""), _literal(values.get("default")))


def _literal(node: ast.expr | None) -> Any:
    try:
        return node and ast.literal_eval(node)
    except ValueError:  # such as a default that is computed
        return None
