"""All methods: the six of the paper, and what one would compare with today."""

from collections.abc import Mapping
from types import MappingProxyType

from hf_mixtrain.methods.method import Method, Stage

_XU_MURRAY = "Xu and Murray (2022), arXiv:2204.13869"
_ZHAO = "Zhao et al. (2021), arXiv:2012.15682"
_SCHMIDT_2022 = "Schmidt et al. (2022), Don't Stop Fine-Tuning"
_SCHMIDT_2023 = "Schmidt et al. (2023), Free Lunch, arXiv:2305.16834"

_SOURCE = Stage(train_on="source")
# A handful of updates would end inside a warmup that was meant for thousands.
_FEW_UPDATES = MappingProxyType({"warmup_steps": 0})
# Zhao et al. (2021): at most 50 epochs, evaluation on the target dev set after each, patience 10, constant rate.
_ZHAO_SETTINGS = MappingProxyType({"num_train_epochs": 50, "lr_scheduler_type": "constant", "warmup_steps": 0})

_METHODS = (
    Method("zero-shot", "zero-shot", (_SOURCE,), _XU_MURRAY),
    Method(
        "ord-fs-dev",
        "ord-FS+dev",
        (
            _SOURCE,
            Stage("shots", per_language=True, select_on="target-dev", patience=10, settings=_ZHAO_SETTINGS),
        ),
        _ZHAO,
    ),
    Method("ord-fs", "ord-FS", (_SOURCE, Stage("shots", per_language=True, settings=_FEW_UPDATES)), _XU_MURRAY),
    Method("mix-ft", "mix-FT", (_SOURCE, Stage("shots", settings=_FEW_UPDATES)), _XU_MURRAY),
    Method("naive-mix-train", "naive-mix-train", (Stage("mixed"),), _XU_MURRAY),
    Method("gradient-mix-train", "gradient-mix-train", (Stage("mixed", surgery=True),), _XU_MURRAY),
    Method("macro-mix-train", "macro-mix-train", (Stage("mixed", order="alternating"),), _SCHMIDT_2022, in_paper=False),
    Method(
        "upsampled-mix-train",
        "upsampled-mix-train",
        (Stage("mixed", order="upsampled"),),
        "a baseline that needs no new method",
        in_paper=False,
    ),
    Method(
        "averaged-mix-train",
        "averaged-mix-train",
        (Stage("mixed", select_on="average"),),
        _SCHMIDT_2023,
        in_paper=False,
    ),
)

METHODS: Mapping[str, Method] = MappingProxyType({method.name: method for method in _METHODS})
"""All methods by name: first the poster's six in its order, then additions (``in_paper`` is false)."""
