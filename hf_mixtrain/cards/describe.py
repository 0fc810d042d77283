"""A method in sentences, made from its stages, so that a card says what was really run."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from hf_mixtrain.errors import InputError
from hf_mixtrain.methods import METHODS, Stage

_TRAIN_ON = {
    ("source", False): "A model is trained on the source language alone.",
    ("shots", False): "It is then trained further on the shots of all target languages together.",
    ("shots", True): "For each target language, a copy of it is then trained further on that language's shots.",
    (
        "mixed",
        False,
    ): "One model is trained on the source language and the shots of all targets together{order}.",
}
_ORDER = {
    "shuffled": ", shuffled",
    "upsampled": ", the shots repeated until they are as many as the source examples",
    "alternating": ", a batch of source examples and a batch of shots in every update",
}
_PROJECTION = (
    "where it opposes the gradient *g* of the update, that is where *g·o* < 0, the opposing part is removed: "
    "*g* ← *g* − min(0, *g·o* / *o·o*) *o*, over all parameters as one vector (stochastic gradient surgery)."
)
_SELECT_ON = {
    "source-dev": "The checkpoint with the best score on the development set of the source language is kept.",
    "target-dev": (
        "The checkpoint is chosen on a **development set of the target language**, which is far more labelled data "
        "than the shots: this is not a few-shot result in the strict sense."
    ),
    "average": "The weights are the mean over evenly spaced checkpoints of the run.",
}

_XU_MURRAY = r"""@inproceedings{xu-murray-2022-por,
  title     = {Por Qu{\'e} N{\~a}o Utiliser Alla Spr{\aa}k? Mixed Training with Gradient Optimization
               in Few-Shot Cross-Lingual Transfer},
  author    = {Xu, Haoran and Murray, Kenton},
  booktitle = {Findings of the Association for Computational Linguistics: NAACL 2022},
  year      = {2022},
  pages     = {2043--2059},
  url       = {https://aclanthology.org/2022.findings-naacl.157}
}"""
_ZHAO = r"""@inproceedings{zhao-etal-2021-closer,
  title     = {A Closer Look at Few-Shot Crosslingual Transfer: The Choice of Shots Matters},
  author    = {Zhao, Mengjie and Zhu, Yi and Shareghi, Ehsan and Vuli{\'c}, Ivan and Reichart, Roi
               and Korhonen, Anna and Sch{\"u}tze, Hinrich},
  booktitle = {Proceedings of the 59th Annual Meeting of the Association for Computational Linguistics},
  year      = {2021},
  pages     = {5751--5767},
  url       = {https://aclanthology.org/2021.acl-long.447}
}"""


def describe_method(name: str, settings: Mapping[str, Any] = MappingProxyType({})) -> list[str]:
    """Say in sentences how a method trains and what it looks at.

    Args:
        name: The method, as in `hf_mixtrain.methods.METHODS`.
        settings: Those of the run and of its task that differ from the arguments' own defaults.

    Returns:
        One sentence or more for each stage; the last one says whether target dev sets were used.

    Raises:
        InputError: If there is no such method.

    Example:
        >>> describe_method("zero-shot")[0]
        'A model is trained on the source language alone.'
    """
    if name not in METHODS:
        raise InputError(f"unknown method {name!r}. Expected one of {', '.join(METHODS)}.")
    select_on = settings.get("select_on", "last")
    stages = METHODS[name].stages
    sentences = [sentence for stage in stages for sentence in _describe_stage(stage, settings, select_on)]
    if not any((stage.select_on or select_on) == "target-dev" for stage in stages):
        sentences.append("No development set of a target language is used.")
    return sentences


def citations(name: str) -> list[str]:
    """Return the BibTeX entries of a method: the paper that this package follows, and the method's own if it differs.

    Example:
        >>> [entry.partition(",")[0] for entry in citations("ord-fs-dev")]
        ['@inproceedings{xu-murray-2022-por', '@inproceedings{zhao-etal-2021-closer']
    """
    cites_zhao = name in METHODS and "Zhao" in METHODS[name].source
    return [_XU_MURRAY, _ZHAO] if cites_zhao else [_XU_MURRAY]


def _describe_stage(stage: Stage, settings: Mapping[str, Any], select_on: str) -> list[str]:
    sentences = [_TRAIN_ON[stage.train_on, stage.per_language].format(order=_ORDER[stage.order])]
    if stage.surgery and settings.get("surgery") != "none":
        sentences.append(_describe_surgery(settings))
    kept = _SELECT_ON.get(stage.select_on or select_on)
    return [*sentences, kept] if kept else sentences


def _describe_surgery(settings: Mapping[str, Any]) -> str:
    exact = settings.get("paper_exact", False)
    each = exact or settings.get("surgery_scope") == "micro_batch"
    probability = settings.get("surgery_probability", 1.0)
    number = settings.get("oracle_languages_per_step", 1)
    with_source = exact or settings.get("oracle_include_source", False)
    when = "At every backward pass" if each else "At every update"
    when += f", with probability {probability:g}," if probability < 1 else ""
    languages = "languages, the source among them," if with_source else "target languages"
    languages = f"{number} {languages} are" if number > 1 else f"a {languages.replace('languages', 'language')} is"
    algorithm = settings.get("surgery", "stochastic")
    how = f"*o* and the gradient of the update are combined by {algorithm}."
    how = _PROJECTION if algorithm == "stochastic" else how
    return f"{when} {languages} drawn at random and the gradient *o* of its shots is computed; {how}"
