"""The modules of the package import one another in one direction."""

import ast
import importlib
import pkgutil
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import ModuleType

import hf_mixtrain

ROOT = Path(hf_mixtrain.__file__).parent


def module_of(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in ROOT.rglob("*.py")}


def imported(path):
    """The modules of the package that a module imports when it is imported: not those in functions."""
    found = set()
    waiting = list(ast.parse(path.read_text(encoding="utf-8")).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in MODULES else node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        elif isinstance(node, (ast.If, ast.Try, ast.With, ast.ClassDef)):
            waiting += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
    return found & MODULES.keys()


def test_no_module_imports_itself_by_way_of_others():
    graph = {name: imported(path) - {name} for name, path in MODULES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(f"modules import one another in a circle: {' <- '.join(error.args[1])}") from None


def test_a_circle_would_be_found():
    graph = {name: imported(path) - {name} for name, path in MODULES.items()}
    assert "hf_mixtrain.errors" in graph["hf_mixtrain.files"]
    assert sum(map(len, graph.values())) > 200


def test_surgery_is_pure_and_nothing_imports_the_commands():
    for name, path in MODULES.items():
        inner = imported(path)
        if name.startswith("hf_mixtrain.surgery"):
            assert all(other.startswith(("hf_mixtrain.surgery", "hf_mixtrain.errors")) for other in inner), name
        if not name.startswith(("hf_mixtrain.commands", "hf_mixtrain.__main__")):
            assert not any(other.startswith("hf_mixtrain.commands") for other in inner), name


def test_no_public_name_turns_into_a_module_when_the_module_is_imported():
    packages = {
        name for _, name, is_package in pkgutil.walk_packages(hf_mixtrain.__path__, "hf_mixtrain.") if is_package
    }
    for _, name, _ in pkgutil.walk_packages(hf_mixtrain.__path__, "hf_mixtrain."):
        if "__main__" not in name and not name.startswith("hf_mixtrain.data.demo"):
            importlib.import_module(name)
    for package in map(importlib.import_module, sorted(packages)):
        turned = [name for name in getattr(package, "__all__", ()) if isinstance(getattr(package, name), ModuleType)]
        assert turned == [], package.__name__
