"""What objects keep in their attributes, taken down so that it can be put back: counters, logs, generators, caches.

Found by form and not by name: values that are bound anew, small containers and tensors that are changed in place, and
random generators, in the attributes of an object, in what it is made of, and in the closures of functions.
"""

import contextlib
import copy
import functools
import itertools
import random
import types
import warnings
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import nn

_INTERNAL = frozenset(vars(nn.Module()))
_ITERATORS: tuple[type, ...] = (itertools.count, itertools.cycle, type(iter([])), type(iter(())), type(iter(range(0))))
_LARGE = 10_000  # entries of a container, beyond which it is data rather than a record
_MANY = 100  # entries, beyond which they are not looked into
_LARGE_TENSOR = 2**16
_DEPTH = 6
# Not looked into: other code puts back what an oracle's pass changes there, or it does not belong to the trainer.
_OUTSIDE = (
    "accelerate.", "datasets.", "hf_mixtrain.", "pandas.", "peft.", "pyarrow.", "sentence_transformers.", "tokenizers.",
    "torch.", "transformers.", "trl.",
)  # fmt: skip
# What a Trainer holds that is no record of its own.
_HELD = frozenset(
    {"accelerator", "args", "callback_handler", "control", "data_collator", "eval_dataset", "lr_scheduler", "optimizer",
     "oracle_dataset", "processing_class", "state", "train_dataset"}
)  # fmt: skip


class Snapshot:
    """State of objects, to be put back.

    Args:
        owners: Objects whose attributes are taken down, with those of the objects in them.
        modules: Modules of which the attributes are taken down; their parameters and buffers are left alone.
        trainer: A Trainer, of which its data sets, arguments and engine are left out.

    Attributes:
        visited: The owners, the modules, and the objects of users' own classes that were found in them.

    Example:
        >>> counter = types.SimpleNamespace(calls=1, log=["a"], rng=random.Random(0))
        >>> snapshot = Snapshot([counter])
        >>> counter.calls += 1
        >>> counter.log.append("b")
        >>> snapshot.restore()
        >>> counter.calls, counter.log
        (1, ['a'])
    """

    def __init__(self, owners: Iterable[Any] = (), modules: Iterable[nn.Module] = (), *, trainer: Any = None) -> None:
        self._undo: list[Callable[[], Any]] = []
        self._generators: list[Any] = []
        self._seen: set[int] = set()
        self.visited: list[Any] = []
        if trainer is not None:
            self._seen.add(id(trainer))
            self.visited.append(trainer)
            self._attributes(trainer, vars(trainer), _DEPTH, left_alone=_HELD)
        for owner in owners:
            self._visit(owner, _DEPTH, root=True)
        for module in modules:
            self._module(module)

    def reseed(self, own: random.Random) -> None:
        """Give every generator that was found numbers of its own, drawn from ``own``."""
        for generator in self._generators:
            seed = own.getrandbits(32)
            if isinstance(generator, torch.Generator):
                generator.manual_seed(seed)
            elif isinstance(generator, np.random.Generator):
                bits = generator.bit_generator
                bits.state = type(bits)(seed).state
            else:
                generator.seed(seed)

    def restore(self) -> None:
        """Put everything back, in the objects that it was found in."""
        with torch.no_grad():
            for undo in reversed(self._undo):
                undo()

    def _visit(self, value: Any, depth: int, root: bool = False) -> None:
        if isinstance(value, _PLAIN) or id(value) in self._seen:
            return
        self._seen.add(id(value))
        if isinstance(value, torch.Generator | np.random.Generator | np.random.RandomState | random.Random):
            self._generator(value)
        elif isinstance(value, torch.Tensor):
            self._tensor(value)
        elif isinstance(value, np.ndarray):
            if value.size <= _LARGE_TENSOR and value.flags.writeable:
                saved_array = value.copy()
                self._undo.append(lambda: np.copyto(value, saved_array))
        elif isinstance(value, list | dict | set | deque):
            self._container(value, depth)
        elif isinstance(value, tuple):
            self._elements(value, depth)
        elif isinstance(value, functools.partial):
            self._elements((value.func, *value.args, *value.keywords.values()), depth)
        elif isinstance(value, types.MethodType):
            self._visit(value.__self__, depth, root)
        elif isinstance(value, types.FunctionType):
            self._function(value, depth)
        elif isinstance(value, nn.Module):
            if root:  # a wrapper, or a loss with a model in it: its modules are given apart
                self._module(value)
        elif root or (depth > 0 and (hasattr(value, "__dict__") or _slots(value)) and not _is_outside(value)):
            self.visited.append(value)
            self._attributes(value, vars(value) if hasattr(value, "__dict__") else {}, depth)
            if not _is_outside(value):
                self._slots_and_class(value, depth)

    def _module(self, module: nn.Module) -> None:
        self.visited.append(module)
        own = {name: value for name, value in vars(module).items() if name not in _INTERNAL}
        self._attributes(module, own, depth=1, ignored=_INTERNAL)

    def _attributes(
        self,
        owner: Any,
        own: dict[str, Any],
        depth: int,
        ignored: frozenset[str] = frozenset(),
        left_alone: frozenset[str] = frozenset(),
    ) -> None:
        saved = dict(own)
        for name, value in saved.items():
            if isinstance(value, _ITERATORS):  # cannot be set back: a new one takes its place
                with warnings.catch_warnings(), contextlib.suppress(TypeError):  # Python 3.14 copies fewer of them
                    warnings.simplefilter("ignore", DeprecationWarning)
                    saved[name] = _same_place(value)
            elif name not in left_alone:
                self._visit(value, depth - 1)

        def undo() -> None:
            now = vars(owner) if hasattr(owner, "__dict__") else {}
            for name in [name for name in now if name not in saved and name not in ignored]:
                del now[name]
            for name, value in saved.items():
                if now.get(name, now) is not value:
                    now[name] = value

        self._undo.append(undo)

    def _slots_and_class(self, owner: Any, depth: int) -> None:
        """Take down what an object of a user's own class has in slots, and numbers and texts of the class itself."""
        for name in _slots(owner):
            value = getattr(owner, name)
            self._undo.append(functools.partial(object.__setattr__, owner, name, value))  # of frozen ones too
            self._visit(value, depth - 1)
        for kind in type(owner).__mro__:
            if not f"{kind.__module__}.".startswith((*_OUTSIDE, "builtins.", "typing.", "abc.")):
                counts = {name: value for name, value in vars(kind).items() if type(value) in (int, float)}
                self._undo.extend(functools.partial(_set_back, kind, name, value) for name, value in counts.items())

    def _container(self, value: Any, depth: int) -> None:
        if len(value) > _LARGE:
            if isinstance(value, list):
                length = len(value)
                self._undo.append(lambda: value.__delitem__(slice(length, None)))
            return
        saved = copy.copy(value)

        def undo() -> None:
            if _same_entries(value, saved):  # writing would make a compiled model compile again
                return
            if isinstance(value, list):
                value[:] = saved
            else:
                value.clear()
                (value.extend if isinstance(value, deque) else value.update)(saved)

        self._undo.append(undo)
        self._elements(value.values() if isinstance(value, dict) else value, depth)

    def _elements(self, values: Any, depth: int) -> None:
        if depth > 0 and len(values) <= _MANY:
            for value in list(values):
                self._visit(value, depth - 1)

    def _function(self, function: types.FunctionType, depth: int) -> None:
        if depth <= 0:
            return
        self._visit_function_attributes(function, depth)
        for cell in function.__closure__ or ():
            try:
                value = cell.cell_contents
            except ValueError:  # not filled yet
                continue
            if isinstance(value, int | float | str | None):
                self._undo.append(functools.partial(setattr, cell, "cell_contents", value))
            elif not isinstance(value, list | dict | set | deque):  # a caller's own record of what was called
                self._visit(value, depth - 1)
        for name in function.__code__.co_names:
            value = function.__globals__.get(name)
            if isinstance(value, torch.Generator | np.random.Generator | np.random.RandomState | random.Random):
                self._visit(value, depth)
            elif type(value) in (int, float) and not f"{function.__module__}.".startswith(_OUTSIDE):
                self._undo.append(functools.partial(function.__globals__.__setitem__, name, value))

    def _visit_function_attributes(self, function: types.FunctionType, depth: int) -> None:
        if vars(function):
            self._attributes(function, vars(function), depth)
        self._elements(function.__defaults__ or (), depth)

    def _tensor(self, tensor: torch.Tensor) -> None:
        if tensor.numel() <= _LARGE_TENSOR and not tensor.requires_grad and can_be_written(tensor):
            saved = tensor.detach().clone()
            self._undo.append(functools.partial(tensor.copy_, saved))

    def _generator(self, generator: Any) -> None:
        if isinstance(generator, random.SystemRandom):
            return
        self._generators.append(generator)
        if isinstance(generator, torch.Generator):
            state = generator.get_state()
            self._undo.append(functools.partial(generator.set_state, state))
        elif isinstance(generator, np.random.Generator):
            bits = generator.bit_generator.state
            self._undo.append(lambda: setattr(generator.bit_generator, "state", bits))
        elif isinstance(generator, np.random.RandomState):
            legacy = generator.get_state()
            self._undo.append(lambda: generator.set_state(legacy))
        else:
            python = generator.getstate()
            self._undo.append(lambda: generator.setstate(python))


_PLAIN = (int, float, complex, str, bytes, type(None), type, types.ModuleType, torch.dtype, torch.device)


def can_be_written(tensor: torch.Tensor) -> bool:
    """Whether a tensor takes a copy in place: dense, no element twice, and not made for inference alone."""
    if tensor.layout != torch.strided or tensor.is_inference():
        return False
    return all(stride != 0 or size < 2 for stride, size in zip(tensor.stride(), tensor.shape, strict=True))


def _same_entries(one: Any, other: Any) -> bool:
    if len(one) != len(other):
        return False
    if isinstance(one, set):
        return one == other
    if isinstance(one, dict) and not _same_entries(list(one), list(other)):
        return False
    pairs = zip(one.values(), other.values(), strict=True) if isinstance(one, dict) else zip(one, other, strict=True)
    return all(a is b for a, b in pairs)


def _same_place(iterator: Any) -> Any:
    """Return an iterator that goes on where another one is, over the same elements."""
    if not isinstance(iterator, itertools.cycle):
        return copy.copy(iterator)
    parts: Any = iterator.__reduce__()
    _, (rest,), (seen, is_first_round) = parts
    again: Any = itertools.cycle(copy.copy(rest))
    again.__setstate__((list(seen), is_first_round))
    return again


def _slots(value: Any) -> list[str]:
    """Return the names of the slots of an object that hold something."""
    kind = type(value)
    names = [name for base in kind.__mro__ for name in _names(base.__dict__.get("__slots__", ()))]
    slots = [name for name in names if isinstance(getattr(kind, name, None), types.MemberDescriptorType)]
    return [name for name in slots if hasattr(value, name)]


def _names(slots: Any) -> list[str]:
    return [slots] if isinstance(slots, str) else [name for name in slots if not name.startswith("__")]


def _set_back(kind: type, name: str, value: Any) -> None:
    if kind.__dict__.get(name) is not value:
        setattr(kind, name, value)


def _is_outside(value: Any) -> bool:
    kind = type(value)
    return f"{kind.__module__}.".startswith(_OUTSIDE) and "Collator" not in kind.__name__
