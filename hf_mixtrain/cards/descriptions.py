"""Methods, tasks and metrics in words, made from what was run."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from hf_mixtrain.errors import InputError
from hf_mixtrain.methods import METHODS, Stage

if TYPE_CHECKING:
    from hf_mixtrain.data import Task

# By kind of task, then by the metric's key in `scores`.
METRIC_TITLES = {
    "token-classification": {
        "f1": "F1 (seqeval)",
        "precision": "precision (seqeval)",
        "recall": "recall (seqeval)",
        "accuracy": "token accuracy",
    },
    "question-answering": {
        "f1": "F1 (SQuAD)",
        "exact_match": "exact match (SQuAD)",
        "f1_segmented": "F1, words segmented by script",
    },
    "text-classification": {"accuracy": "accuracy"},
}

TASK_NOTES = {
    "panx": (
        "PAN-X (WikiANN) is silver data, labelled from Wikipedia links: a score measures agreement with these labels. "
        "Its text is Wikipedia's (CC BY-SA 3.0); no licence is stated for the labels.",
        "Sentences are short and taken from Wikipedia; other kinds of text were not tested.",
    ),
    "udpos": (
        "Treebanks of different languages differ in domain and in how they apply the universal tags, so scores of two "
        "languages cannot be compared with each other.",
        "The F1 is seqeval's on bare tags, as the XTREME benchmark computes it: runs of one tag count as one. It is "
        "lower than the token accuracy, and the two must not be mixed in one table.",
        "Every treebank has its own licence; several forbid commercial use.",
    ),
    "tydiqa": (
        "The test set is the official development set of TyDiQA-GoldP v1.1; its own test labels are not public.",
        "Every question has an answer in its passage: the model was never trained to say that there is none.",
    ),
    "xnli": (
        "The shots come from the development sets of the target languages, which are translations of one another and "
        "of the English one.",
        "Texts other than English are human translations, so the test measures translated language.",
    ),
}


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


class DataPart(NamedTuple):
    """Where the test set of one language is; ``hub_id`` is None for data that did not come from the Hub."""

    hub_id: str | None
    config: str
    split: str
    revision: str | None


class DataFacts(NamedTuple):
    """The task of a cell in words, and the test set of every language."""

    kind: str
    title: str
    language_names: dict[str, str]
    parts: dict[str, DataPart]
    source: str
    revisions: dict[str, str]
    shots_per: str
    defaults: dict[str, Any]
    is_packaged: bool
    is_pairs: bool

    def metric_title(self, metric: str) -> str:
        """Return the metric's name as tables show it, such as ``F1 (seqeval)`` or ``F1 (seqeval) of PER``."""
        titles = METRIC_TITLES.get(self.kind, {})
        if metric in titles or "_" not in metric:
            return titles.get(metric, metric)
        whole, part = metric.split("_", 1)
        return f"{titles.get(whole, whole)} of {part}"


def data_facts(results: Mapping[str, Any], task: "Task | None" = None) -> DataFacts:
    """Look up the task of a cell.

    Args:
        results: The cell.
        task: Its task; default: the task of the package with the cell's name.

    Returns:
        Its data sets in words. Hub ids are given only where the cell's data came from the Hub, and revisions only where
        the cell recorded them in ``versions["data_revisions"]``.

    Raises:
        InputError: If there is no such task.
    """
    # Reading data needs `datasets`, which takes a second to import; pushing a card to the Hub does not need it.
    from hf_mixtrain.data import LANGUAGES, list_tasks, load_task

    is_packaged = results["task"] in list_tasks() and (task is None or task == load_task(results["task"]))
    task = task or load_task(results["task"])
    source = results["settings"].get("data_source", "hub")
    hub = task.hub if source == "hub" and "repository" in task.hub else {}
    revisions = dict(results["versions"].get("data_revisions", {}))

    def part(language: str) -> DataPart:
        if not hub:
            return DataPart(None, language, "test", None)
        splits = hub.get("splits", {})
        config = hub.get("files", language).split("/")[0].format(language=language, split="test")
        return DataPart(hub["repository"], config, splits.get("test", "test"), revisions.get(hub["repository"]))

    languages = results["languages"]
    names = {code: LANGUAGES[code].name if code in LANGUAGES else code for code in languages}
    parts = {language: part(language) for language in languages}
    title = "Made-up demo corpus of hf_mixtrain" if source == "demo" else task.title
    shots_per = results["settings"].get("shots_per") or task.shots_per
    is_pairs = task.kind == "text-classification" and (not task.columns or "hypothesis" in task.columns)
    return DataFacts(
        kind=task.kind,
        title=title,
        language_names=names,
        parts=parts,
        source=source,
        revisions=revisions,
        shots_per=shots_per,
        defaults=dict(task.defaults),
        is_packaged=is_packaged,
        is_pairs=is_pairs,
    )
