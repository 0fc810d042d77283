"""The evaluation of a trained model on the test sets of some languages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transformers import Trainer

from hf_mixtrain import GradientMixTrainer
from hf_mixtrain.data import FewShotData, Task, data_collator
from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.evaluation import evaluate_decodings
from hf_mixtrain.evaluation.decoding import Rule
from hf_mixtrain.evaluation.predictions import prediction_lines
from hf_mixtrain.evaluation.scores import gold_of
from hf_mixtrain.experiment.context import GridContext
from hf_mixtrain.experiment.decoding import choose_rule, decodings_of
from hf_mixtrain.experiment.environment import peak_memory, reset_peak_memory
from hf_mixtrain.experiment.identity import evaluation_of, rule_of
from hf_mixtrain.experiment.locks import on_main_process
from hf_mixtrain.experiment.plan import Chain
from hf_mixtrain.experiment.training_store import Trained

# No language is called so.
_RULE = ".rule"


@dataclass(frozen=True)
class Found:
    """What the evaluation of a model found.

    Attributes:
        rule: The rule that its tags are decoded with.
        scores: ``{language: {rule: {metric: 0 to 100}}}``; all rules decode the same outputs of the model.
        warnings: By language, what makes its scores doubtful.
        peak_memory_bytes: Most memory while evaluating.
        predictions: With ``--save_predictions``, JSON Lines by language; see `prediction_lines`.
    """

    rule: Rule
    scores: Mapping[str, Mapping[str, Mapping[str, float]]]
    warnings: Mapping[str, Sequence[str]]
    peak_memory_bytes: int
    predictions: Mapping[str, str]


class Evaluation:
    """What is known and what is still to be found out about a model; what is found is kept with its training.

    Args:
        key: The training's key in the store.
        chain: Its chain.
        languages: The languages whose test sets are scored.
        data: The cell's data.
        context: The grid.
        rule: How its tags are decoded; None: as the user says, else as is best on dev data of the source.
    """

    def __init__(
        self,
        key: str,
        chain: Chain,
        languages: Iterable[str],
        data: FewShotData,
        context: GridContext,
        rule: Rule | None = None,
    ) -> None:
        self._key, self._chain, self._data, self._context = key, chain, data, context
        self._languages = list(languages)
        self._rule: Rule | None = rule or on_main_process(self._known, _RULE)
        self._found: dict[str, Any] = {}
        for language in self._languages:
            if (known := on_main_process(self._known, language)) is not None:
                self._found[language] = known

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to find out."""
        return self._rule is not None and self._found.keys() == set(self._languages)

    def run(self, trained: Trained) -> Found:
        """Test the model on what is missing.

        Args:
            trained: The training; its model must be in the store unless the evaluation `is_complete`.
        """
        if not self.is_complete:
            self._complete(trained)
        assert self._rule is not None
        found = {language: self._found[language] for language in self._languages}
        return Found(
            self._rule,
            {language: of_language["scores"] for language, of_language in found.items()},
            {
                language: one_label_only(language, *of_language["labels"][self._rule])
                for language, of_language in found.items()
            },
            max((of_language["peak_memory_bytes"] for of_language in found.values()), default=0),
            {language: found[language]["predictions"] for language in found if self._with_predictions},
        )

    def _complete(self, trained: Trained) -> None:
        context, data, progress = self._context, self._data, self._context.progress
        settings, tokenizer = context.settings, context.models.tokenizer
        reset_peak_memory()
        trainer = _trainer(trained, context)
        among = decodings_of(self._chain, data)
        if self._rule is None:
            self._rule = choose_rule(trainer, context, data, among)
            self._keep(_RULE, self._rule)
        missing = [language for language in self._languages if language not in self._found]
        progress.say(f"evaluating {' '.join(missing)}")
        for language in missing:
            progress.begin((self._chain, language), f"evaluating {language}")
            rows = data.test[language]
            found = evaluate_decodings(
                trainer, data.task, rows, tokenizer, among,
                max_length=settings.run.max_length, label_piece=settings.label_piece,
            )  # fmt: skip
            self._found[language] = {
                "scores": {rule: scores for rule, (_, scores) in found.items()},
                "labels": {rule: labels_of(data.task, rows, predictions) for rule, (predictions, _) in found.items()},
                "peak_memory_bytes": peak_memory(),
            }
            if self._with_predictions:
                lines = prediction_lines(data.task, language, rows, found[self._rule][0], gold_of(data.task, rows))
                self._found[language]["predictions"] = lines
            self._keep(language, self._found[language])
            progress.end()

    @property
    def _with_predictions(self) -> bool:
        return self._context.settings.run.save_predictions

    def _known(self, name: str) -> Any:
        found = self._context.store.read_scores(self._key, name, self._of(name))
        if name != _RULE and self._with_predictions and found is not None and "predictions" not in found:
            return None
        return found

    def _keep(self, name: str, found: Any) -> None:
        on_main_process(self._context.store.write_scores, self._key, name, self._of(name), found)

    def _of(self, name: str) -> dict[str, Any]:
        if name == _RULE:
            return rule_of(self._context, self._data)
        return evaluation_of(self._context.settings, self._context.data.checksum(self._data.test[name]))


def labels_of(task: Task, rows: Any, predictions: Sequence[Any]) -> tuple[int, list[str]]:
    """Return how many different labels some rows have, and at most two of those that were predicted.

    Example:
        >>> from datasets import Dataset
        >>> from hf_mixtrain.data import load_task
        >>> labels_of(load_task("panx"), Dataset.from_dict({"tags": [["O", "B-PER"], ["O"]]}), [["O", "O"], ["O"]])
        (2, ['O'])
    """
    gold, predicted = (
        {str(label) for value in values for label in (value if isinstance(value, list) else [value])}
        for values in (rows[KINDS[task.kind].gold], predictions)
    )
    return len(gold), sorted(predicted)[:2]


def one_label_only(language: str, gold: int, predicted: Sequence[str]) -> list[str]:
    """Return a warning if a model gives all rows of a test set one label although they have several.

    Example:
        >>> one_label_only("de", 2, ["O"]), one_label_only("de", 2, ["B-LOC", "O"])
        (["all predictions of de are 'O', and its test rows have 2 labels"], [])
    """
    if len(predicted) > 1 or gold < 2:
        return []
    return [f"all predictions of {language} are {''.join(predicted)!r}, and its test rows have {gold} labels"]


def _trainer(trained: Trained, context: GridContext) -> Trainer:
    folder = context.store.model(trained.key)
    arguments = context.settings.training_arguments(output_dir=str(folder), surgery="none", paper_exact=False)
    return GradientMixTrainer(
        model=context.models.trained_model(folder),
        args=arguments,
        data_collator=data_collator(context.settings.task, context.models.tokenizer),
        processing_class=context.models.tokenizer,
    )
