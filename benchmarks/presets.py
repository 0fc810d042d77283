"""What is measured: one base case, and one dimension changed at a time."""

from dataclasses import dataclass, replace

from benchmarks.case import Case

__all__ = ["KINDS", "PRESETS", "Measurement", "measurements"]

#: What can be measured.
KINDS = ("step", "products", "memory", "evaluation", "data")

_BASE = Case()
_AGGREGATORS = (*_BASE.variants, "PCGrad", "UPGrad")
_LANGUAGES = ("plain B+K", "ours", "ours, 12 languages", "ours, 1 language")
_ACCUMULATION = ("plain B, K", "plain B", "ours", "ours, each micro-batch", "flattened")
_TARGET = ("plain B+K", "plain B, K", "ours")
_CHEAPER = ("plain B", "plain B+K", "ours", "ours, 2 shots", "ours, 1 shot", "ours, no surgery")
_MEMORY = ("plain B", "plain B+K", "ours", "flattened")


@dataclass(frozen=True)
class Measurement:
    """One of `KINDS`, and the case that it is measured on."""

    kind: str
    case: Case


def _steps(base: Case, *cases: dict) -> list[Measurement]:
    return [Measurement("step", replace(base, **changes)) for changes in cases]


def _memory(base: Case, *cases: dict) -> list[Measurement]:
    """Each variant in a process of its own."""
    short = replace(base, rounds=3, languages=2)
    return [Measurement("memory", replace(short, variants=(name,), **changes)) for changes in cases for name in _MEMORY]


def _products(*cases: dict) -> list[Measurement]:
    return [Measurement("products", Case(rounds=20, **changes)) for changes in cases]


_QUICK = [
    *_steps(
        replace(_BASE, rows=8, rounds=10),
        {"shape": "e5"},
        {"variants": _AGGREGATORS, "languages": 4, "rounds": 6},
        {"languages": 48, "variants": _LANGUAGES},
        {"tokens": 24, "variants": _CHEAPER, "rounds": 20},
        {"rows": 32, "accumulation": 16, "variants": _ACCUMULATION, "rounds": 3},
    ),
    *_products({"shape": "xlmr-large-tree"}, {"shape": "e5"}),
    *_memory(_BASE, {"shape": "e5", "rows": 8}),
    Measurement("evaluation", Case(shape="e5", rows=32, languages=4)),
    Measurement("data", Case(rows=100, rounds=2)),
]

_FULL = [
    *_steps(
        _BASE,
        {"variants": _AGGREGATORS},
        {"shape": "e5", "rounds": 12},
        {"shape": "xlmr-base", "rounds": 6, "variants": _TARGET},
        {"shape": "e5", "rows": 8, "rounds": 20},
        {"shape": "xlmr-base", "rows": 8, "rounds": 8, "variants": _TARGET},
        {"shape": "xlmr-base", "rows": 8, "rounds": 3},
        {"rows": 8, "rounds": 20},
        {"shots": 1},
        {"shots": 10},
        {"tokens": 128, "rounds": 5},
        {"languages": 48, "variants": _LANGUAGES, "rounds": 15},
        {"languages": 48, "variants": ("plain B+K", "ours", "PCGrad", "UPGrad"), "rounds": 3},
        {"accumulation": 4, "variants": _ACCUMULATION, "rounds": 6},
        {"accumulation": 16, "variants": _ACCUMULATION, "rounds": 6},
        {"shape": "e5", "accumulation": 16, "variants": _ACCUMULATION, "rounds": 4},
        {"precision": "bf16"},
        {"processes": 2, "shots": 4},
    ),
    *_products(
        {"shape": "xlmr-large-tree"}, {"shape": "e5"}, {"shape": "xlmr-base"}, {"shape": "e5", "precision": "bf16"}
    ),
    *_memory(
        _BASE,
        {"shape": "e5"},
        {"shape": "e5", "rows": 8},
        {"shape": "xlmr-base"},
        {"shape": "xlmr-base", "rows": 8},
    ),
    Measurement("evaluation", Case(shape="e5", rows=64, languages=12)),
    Measurement("data", Case(rows=200, rounds=3)),
]

_LARGE = replace(_BASE, shape="xlmr-large", precision="bf16", rounds=30)
_GPU = [
    *_steps(
        _LARGE,
        {"variants": _AGGREGATORS, "languages": 4},
        {"rows": 8},
        {"shape": "xlmr-base"},
        {"shape": "e5"},
        {"shots": 10},
        {"tokens": 128},
        {"languages": 48, "variants": _LANGUAGES},
        {"accumulation": 16, "variants": _ACCUMULATION, "rounds": 15},
        {"precision": "fp32"},
    ),
    *_products({"shape": "xlmr-large-tree"}, {"shape": "xlmr-large"}, {"shape": "xlmr-large", "precision": "bf16"}),
    *_memory(_LARGE, {}, {"rows": 8}, {"shape": "xlmr-base"}, {"shape": "e5"}),
    Measurement("evaluation", Case(shape="e5", precision="bf16", rows=1000, languages=40)),
]

_SMOKE = [
    *_steps(
        Case(shape="tiny", rows=2, shots=2, tokens=4, languages=2, rounds=2),
        {"variants": (*_AGGREGATORS, "ours, 1 language", "ours, each micro-batch")},
    ),
    Measurement("products", Case(shape="tiny", rounds=2)),
]

#: Name → what is measured. ``smoke`` takes seconds and shows that it runs, ``quick`` minutes on two cores.
PRESETS: dict[str, list[Measurement]] = {"smoke": _SMOKE, "quick": _QUICK, "full": _FULL, "gpu": _GPU}


def measurements(preset: str, only: str | None = None, case: str = "") -> list[Measurement]:
    """Return what a preset measures.

    Args:
        preset: A name of `PRESETS`.
        only: One of `KINDS`; all of them if None.
        case: Text that the title of a case must have in it.

    Example:
        >>> {measurement.kind for measurement in measurements("quick", only="step")}
        {'step'}
    """
    return [
        measurement
        for measurement in PRESETS[preset]
        if only in (None, measurement.kind) and case in measurement.case.title
    ]
