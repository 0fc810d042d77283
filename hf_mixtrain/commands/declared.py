"""The flags of a dataclass, read from its source: importing `TrainingArguments` takes torch, and seconds."""

import ast
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

# What `hf_mixtrain.compat` adds to older training arguments. Goes with transformers 5.2.
_ADDED = ("train_sampling_strategy",)


class Flag(NamedTuple):
    """A field of a dataclass: ``kind`` is its annotation as text, of a `Literal` ``{one,other}``.

    ``help`` and ``default`` may be unknown.
    """

    name: str
    kind: str
    help: str
    default: Any

    @property
    def choices(self) -> tuple[str, ...]:
        """The values that it takes; empty if they are not listed."""
        return tuple(self.kind[1:-1].split(",")) if self.kind.startswith("{") else ()

    @property
    def is_switch(self) -> bool:
        """Whether it is true or false."""
        return self.kind in ("bool", "bool | None")


@cache
def surgery_flags() -> dict[str, Flag]:
    """Return the flags that `GradientMixTrainingArguments` adds.

    Example:
        >>> surgery_flags()["surgery_scope"].choices
        ('optimizer_step', 'micro_batch')
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
    choices = dict(filter(None, map(_choices, module.body)))
    return {flag.name: flag._replace(kind=choices.get(flag.kind, flag.kind)) for flag in map(_flag, fields)}


def _choices(node: ast.stmt) -> tuple[str, str] | None:
    """Read ``Name = Literal["one", "other"]``."""
    match node:
        case ast.Assign([ast.Name(name)], ast.Subscript(ast.Name("Literal"), ast.Tuple(values))):
            return name, "{" + ",".join(str(_literal(value)) for value in values) + "}"
    return None


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
