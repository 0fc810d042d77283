"""Recipes: YAML files of flags, of one's own or shipped with the package."""

import difflib
import json
from pathlib import Path
from typing import Any

import yaml

import hf_mixtrain
from hf_mixtrain.errors import InputError
from hf_mixtrain.yaml_text import load_yaml

_PACKAGE = Path(hf_mixtrain.__file__).parent
# A wheel has them inside the package; a checkout has the one copy of them beside it.
_FOLDER = next((path for path in (_PACKAGE / "recipes", _PACKAGE.parent / "recipes") if path.is_dir()), None)


def recipe_names() -> list[str]:
    """Return the names of the recipes that ship with the package.

    Example:
        >>> {"quickstart", "panx/zero-shot"} <= set(recipe_names())
        True
    """
    if _FOLDER is None:
        return []
    names = [path.relative_to(_FOLDER).with_suffix("").as_posix() for path in _FOLDER.rglob("*.yaml")]
    return sorted(name for name in names if not name.startswith("tasks/"))


def find_recipe(name: str) -> str:
    """Return the path of a recipe.

    Args:
        name: A path, or the name of one that ships with the package, such as ``quickstart``.

    Raises:
        InputError: If it is neither.

    Example:
        >>> find_recipe("mine.yaml")
        'mine.yaml'
    """
    if name.endswith((".yaml", ".yml")) or Path(name).is_file():
        return name
    if name in recipe_names():
        return str(Path(str(_FOLDER), f"{name}.yaml"))
    near = difflib.get_close_matches(name, recipe_names(), n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(recipe_names())}."
    raise InputError(f"no recipe {name!r}. Expected a YAML file, or the name of a recipe of the package. {hint}")


def read_recipe(path: str | Path) -> dict[str, Any]:
    """Read a recipe: a YAML file with one ``flag: value`` a line.

    Args:
        path: The file.

    Returns:
        The values by flag; empty for an empty file.

    Raises:
        InputError: If there is no such file, or it is not such YAML.
    """
    try:
        recipe = load_yaml(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such recipe. Expected a YAML file; see the folder recipes/.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}). Expected a YAML file in UTF-8.") from None
    except yaml.YAMLError as error:
        raise InputError(
            f"{_place(path, error)}: not YAML ({_problem(error)}). Expected `flag: value` lines."
        ) from None
    if recipe is None:
        return {}
    if not isinstance(recipe, dict) or not all(isinstance(key, str) for key in recipe):
        raise InputError(f"{path}: expected `flag: value` lines, found {type(recipe).__name__}.")
    return recipe


def _place(path: str | Path, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"{path}:{mark.line + 1}" if mark else str(path)


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or error).splitlines()[0]


def words(value: Any) -> list[str]:
    """Return a recipe's value as the words that a command line would have.

    Example:
        >>> words([1, 2]), words(True), words({"a": 1})
        (['1', '2'], ['true'], ['{"a": 1}'])
    """
    if isinstance(value, list):
        return [word for item in value for word in words(item)]
    if isinstance(value, dict):
        return [json.dumps(value)]
    if isinstance(value, bool):
        return [str(value).lower()]
    return [str(value)]


def words_of(key: str, value: Any) -> list[str]:
    """Return the value of a recipe's key as the words of its flag; see `words`.

    Example:
        >>> words_of("source_language", ["en", "de"]), words_of("shots", [1, {"de": 5, "sw": 20}])
        (['en,de'], ['1', 'de=5,sw=20'])
    """
    if key == "source_language":
        # Of the lists, the only one that is one word, as one text says it to a Trainer too.
        return [",".join(words(value))]
    if key == "shots":
        values = value if isinstance(value, list) else [value]
        value = [",".join(f"{k}={v}" for k, v in one.items()) if isinstance(one, dict) else one for one in values]
    return words(value)
