"""A task as data: languages, labels, where its rows are, and the paper's training settings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from hf_mixtrain.data.folder_names import unsafe
from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.tag_schemes import iob2_labels, is_iob, style_of
from hf_mixtrain.errors import InputError, did_you_mean

Split = Literal["train", "dev", "test"]
ShotsPer = Literal["example", "class", "entity"]
#: Settings under ``defaults`` of a task that are whole numbers, with the least that they can be.
_WHOLE = {
    "max_length": 8, "doc_stride": 1, "max_question_length": 1, "global_batch_size": 1,
    "per_device_train_batch_size": 1, "gradient_accumulation_steps": 1,
}  # fmt: skip
ProblemType = Literal["single_label_classification", "multi_label_classification", "regression"]


def number_faults(defaults: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each setting under ``defaults`` that should be a whole number and is none, or is too small.

    Example:
        >>> list(number_faults({"max_length": "long"}))
        ["expected `max_length` in `defaults` to be a whole number, 8 or more. Found 'long'."]
    """
    for key, least in _WHOLE.items():
        value = defaults.get(key, least)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            yield f"expected `{key}` in `defaults` to be a whole number, {least} or more. Found {value!r}."


@dataclass(frozen=True)
class Task:
    """What is learnt, in which languages, and where the rows are. `load_task` makes one from a YAML file.

    Attributes:
        name: Short name, used in paths and tables.
        title: One line for people.
        kind: Which head and features it needs; see `hf_mixtrain.data.kinds`.
        labels: Names of the labels in the order of their ids; none for question answering and regression. Entity tags
            of another scheme become those of IOB2 here, and `file_labels` has them as they were given.
        languages: Codes of all languages, source included.
        metric: Key of the main metric among the scores.
        shots_split: Split of a target language from which its shots are drawn; from ``dev`` they are taken out.
        shots_per: What K counts: examples (for question answering those with an answer), examples of each class, or
            mentions of each entity type (or tag).
        parallel: Whether the dev rows of all languages are translations of one another, row by row.
        dev_from_train: Share of the training texts that serves as dev set, for tasks that have none of their own.
        test_from_train: Share of the source's training texts that serves as its test set, if it has none of its own.
        folder: For each split, the path of its file below a data folder, with ``{language}`` in it.
        source_folder: Paths of the source language's files, for splits that it has somewhere else.
        columns: Where the readers find a column, if not under its own name or in its usual place.
        label_map: What labels of the files stand for, such as ``{0: entailment, B-DATE: O}``; None leaves rows out.
        entities: Whether tags mark entities. Default: found from the labels.
        problem_type: Whether a text has one label, several (their names in a list), or a number.
        quoted: Whether fields of table files that hold a double quote are quoted, as Python's ``csv`` does it. Default:
            found for each file.
        hub: Where the rows are on the Hub; see ``docs/data.md``.
        defaults: Training arguments, ``max_length`` and the like, as in the paper's scripts.

    Example:
        >>> from hf_mixtrain.data import load_task
        >>> task = load_task("xnli")
        >>> task.kind, task.labels, task.metric
        ('text-classification', ('contradiction', 'entailment', 'neutral'), 'accuracy')
    """

    name: str
    title: str
    kind: str
    languages: tuple[str, ...]
    metric: str
    labels: tuple[str, ...] = ()
    shots_split: Literal["train", "dev"] = "train"
    shots_per: ShotsPer = "example"
    parallel: bool = False
    dev_from_train: float = 0.0
    test_from_train: float = 0.0
    folder: Mapping[str, str] = field(default_factory=dict)
    source_folder: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str | int] = field(default_factory=dict)
    label_map: Mapping[Any, str | None] = field(default_factory=dict)
    entities: bool | None = None
    problem_type: ProblemType = "single_label_classification"
    quoted: bool | None = None
    hub: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    #: The labels as they were given, if they were in another scheme than IOB2.
    file_labels: tuple[str, ...] = field(default=(), init=False)

    def __post_init__(self) -> None:
        self._check_choices()
        if fault := next(number_faults(self.defaults), ""):
            raise InputError(f"Task {self.name!r}: {fault}")
        for key in ("labels", "languages"):
            values = getattr(self, key)
            if isinstance(values, str) or not all(isinstance(value, str) for value in values):
                raise InputError(f"Expected texts in `{key}` of the task {self.name!r}, found {values!r:.60}.")
            if len(set(values)) < len(values):
                raise InputError(f"Expected each of `{key}` of the task {self.name!r} once, found {values!r:.80}.")
            object.__setattr__(self, key, tuple(values))
        for what, names in (("`name` of the task", (self.name,)), ("language", self.languages)):
            for name in names:
                if reason := unsafe(name):
                    raise InputError(f"Expected a {what} that can be the name of a folder, found {name!r}: {reason}.")
        if self.marks_entities and not is_iob(self.labels) and (style := style_of(self.labels)):
            object.__setattr__(self, "file_labels", self.labels)
            object.__setattr__(self, "labels", iob2_labels(self.labels, style))

    def _check_choices(self) -> None:
        choices: dict[str, tuple[str, ...]] = {
            "kind": tuple(KINDS),
            "shots_split": ("train", "dev"),
            "shots_per": get_args(ShotsPer),
            "problem_type": get_args(ProblemType),
        }
        for key, allowed in choices.items():
            found = getattr(self, key)
            if found not in allowed:
                raise InputError(
                    f"Expected `{key}` of the task {self.name!r} to be one of {', '.join(allowed)}. Found {found!r}."
                    + did_you_mean(str(found), allowed)
                )

    @property
    def marks_entities(self) -> bool:
        """Whether the tags of a tagging task mark entities, of one word or several; part-of-speech tags do not."""
        if self.kind != "token-classification" or self.entities is False:
            return False
        style = style_of(self.labels)
        # Tags without letter or without type are entities only if they are to be scored as such.
        plain = style in ("bare", "letter") and self.metric == "accuracy" and not self.entities
        return style is not None and not plain

    @property
    def reading(self) -> tuple[Any, ...]:
        """Everything here that decides how a file is read."""
        columns, labels = (sorted(map(repr, pairs.items())) for pairs in (self.columns, self.label_map))
        names = (self.labels, self.file_labels, self.marks_entities, self.problem_type)
        return self.kind, names, columns, labels, self.quoted

    @property
    def head(self) -> dict[str, Any]:
        """The keywords of ``from_pretrained`` that give a model the right number of outputs.

        Example:
            >>> Task("t", "t", "text-classification", ("en",), "pearson", problem_type="regression").head
            {'num_labels': 1, 'problem_type': 'regression'}
        """
        if self.problem_type == "regression":
            return {"num_labels": 1, "problem_type": "regression"}
        if not self.labels:
            return {}
        head: dict[str, Any] = {
            "id2label": dict(enumerate(self.labels)),
            "label2id": {label: number for number, label in enumerate(self.labels)},
        }
        if self.problem_type != "single_label_classification":
            head["problem_type"] = self.problem_type
        return head
