"""The kinds of task in one table: what differs between tagging, classifying texts and answering questions."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class TaskKind:
    """One kind of task.

    Attributes:
        name: As in the task's YAML file, and as the Hub calls it.
        texts: Raw columns with what is read, the main one first.
        gold: The raw column with what is to be predicted.
        auto_model: Name of the class of `transformers` that loads a model with its head.
        has_labels: Whether a task of this kind has a list of labels.
        shots_per: What K can count beside examples: ``"class"``, ``"entity"`` or nothing.
    """

    name: str
    texts: tuple[str, ...]
    gold: str
    auto_model: str
    has_labels: bool = True
    shots_per: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """All raw columns but ``id`` and ``language``, texts first."""
        return (*self.texts, self.gold)


#: Every kind by its name.
#:
#: Example:
#:     >>> KINDS["token-classification"].columns
#:     ('tokens', 'tags')
KINDS: Mapping[str, TaskKind] = {
    kind.name: kind
    for kind in (
        TaskKind(
            "token-classification",
            texts=("tokens",),
            gold="tags",
            auto_model="AutoModelForTokenClassification",
            shots_per="entity",
        ),
        TaskKind(
            "text-classification",
            texts=("premise", "hypothesis"),
            gold="label",
            auto_model="AutoModelForSequenceClassification",
            shots_per="class",
        ),
        TaskKind(
            "question-answering",
            texts=("context", "question"),
            gold="answers",
            auto_model="AutoModelForQuestionAnswering",
            has_labels=False,
        ),
    )
}
