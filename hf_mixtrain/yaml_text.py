"""YAML from others: plain values of a sensible size, and one kind of error for everything else."""

from typing import Any

import yaml

# Values in all, with those that aliases repeat; recipes and tasks have some hundreds.
_MOST_VALUES = 100_000
_DEEPEST = 50


class _Loader(yaml.SafeLoader):
    """Stops at a key that is there twice, and where nesting is deeper than anybody writes it."""

    _depth = 0  # the time grows with its square

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise yaml.YAMLError(f"nested more than {_DEEPEST} deep")
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if again := next((key for place, key in enumerate(keys) if key in keys[:place]), None):
            raise yaml.YAMLError(f"{again!r} twice in one block, of which only the last would count")
        return super().construct_mapping(node, deep)


def load_yaml(text: str) -> Any:
    r"""Read YAML as `yaml.safe_load` does, which lets through what is no YAML of plain values.

    Args:
        text: The content of a file.

    Returns:
        Values without cycles, at most 100,000 of them when aliases are written out.

    Raises:
        yaml.YAMLError: If it is no YAML, or holds keys twice, dates that there are none of, tags, cycles, bombs of
            aliases, numbers or nesting beyond what Python reads.

    Example:
        >>> load_yaml("a: [1, 2]")
        {'a': [1, 2]}
        >>> load_yaml("a: 2024-02-31")
        Traceback (most recent call last):
        yaml.error.YAMLError: a value that cannot be read: day is out of range for month
        >>> load_yaml(r'title: "\ud800"')
        Traceback (most recent call last):
        yaml.error.YAMLError: a value that cannot be read: 'utf-8' codec can't encode character ...
    """
    try:
        value = yaml.load(text, _Loader)  # a SafeLoader
        if _count(value, {}, set()) > _MOST_VALUES:
            raise yaml.YAMLError(f"more than {_MOST_VALUES} values once its aliases are written out")
    except RecursionError:
        raise yaml.YAMLError("nested too deeply") from None
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
        # Such as a day that no month has: found when a value is made, not when the text is read.
        raise yaml.YAMLError(f"a value that cannot be read: {error}") from None
    return value


def _count(value: Any, known: dict[int, int], above: set[int]) -> int:
    """Count values, each part as often as it is referred to, in time that does not depend on how often."""
    if isinstance(value, str):
        value.encode("utf-8")  # half of a surrogate pair, which no file can hold, is a ValueError
    if not isinstance(value, dict | list | set | tuple):
        return 1
    if id(value) in above:
        raise yaml.YAMLError("a part that contains itself")
    if id(value) not in known:
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_count(part, known, above | {id(value)}) for part in parts)
    return known[id(value)]
