"""How the tags of a trained stage are decoded: as the user says, else by what is best on dev data of the source."""

from collections.abc import Iterator

from datasets import concatenate_datasets
from transformers import Trainer

from hf_mixtrain.data import FewShotData
from hf_mixtrain.evaluation import evaluate_decodings
from hf_mixtrain.evaluation.decoding import Decoding, Rule, best_rule, decodings
from hf_mixtrain.experiment.context import GridContext
from hf_mixtrain.experiment.plan import Chain
from hf_mixtrain.experiment.settings import Settings
from hf_mixtrain.prediction.reading import Reading
from hf_mixtrain.prediction.token_style import token_style

# Of a task's defaults, those that decide what a model's inputs look like.
_NUMBERS = ("max_length", "doc_stride", "max_question_length")


def decodings_of(chain: Chain, data: FewShotData) -> dict[Rule, Decoding]:
    """Return what may be used to decode a chain's tags, the default first; other tasks have nothing to decode.

    Args:
        chain: Its stages say which rows the model was trained on; their tags are counted for the transitions.
        data: The chain's data.
    """
    if data.task.kind != "token-classification":
        return {"argmax": Decoding("argmax", data.task.labels)}
    return decodings(data.task.labels, list(_trained_tags(chain, data)))


def choose_rule(trainer: Trainer, context: GridContext, data: FewShotData, among: dict[Rule, Decoding]) -> Rule:
    """Return the rule that the user asked for, else the best rule on dev data of the source, else the default.

    Args:
        trainer: Around the trained model.
        context: Tokenizer and settings.
        data: Its dev rows of the source languages are looked at, never those of a target.
        among: From `decodings_of`.
    """
    settings = context.settings
    if settings.decode is not None:
        return settings.decode
    parts = [data.dev[name] for name in data.source_languages if len(data.dev.get(name, ()))]
    if len(among) == 1 or not parts:
        return next(iter(among))
    rows = parts[0] if len(parts) == 1 else concatenate_datasets(parts)
    found = evaluate_decodings(
        trainer, data.task, rows, context.models.tokenizer, among,
        max_length=settings.run.max_length, label_piece=settings.label_piece,
    )  # fmt: skip
    return best_rule({name: scores[data.task.metric] for name, (_, scores) in found.items()})


def reading_of(settings: Settings, chain: Chain, data: FewShotData, decoding: Decoding) -> Reading:
    """Return how a chain's model is to be read by others: what is kept beside it.

    Args:
        settings: The grid's settings.
        chain: The chain.
        data: Its data; what their words look like is counted.
        decoding: How its tags are decoded.
    """
    task, tags = data.task, data.task.kind == "token-classification"
    rows = [data.train, *data.shots.values()]
    numbers = {name: int(task.defaults[name]) for name in _NUMBERS if name in task.defaults}
    if settings.run.max_length:
        numbers["max_length"] = settings.run.max_length
    return Reading(
        task=task.name,
        kind=task.kind,
        settings={"max_length": 128} | numbers,
        label_piece=settings.label_piece,
        decoding=decoding if tags else None,
        words=token_style(words for part in rows for words in part["tokens"]) if tags else None,
        may_be_empty=task.kind == "question-answering" and not all(row["text"] for row in data.train["answers"]),
        pairs=any(data.train["hypothesis"]) if task.kind == "text-classification" else False,
    )


def _trained_tags(chain: Chain, data: FewShotData) -> Iterator[list[int]]:
    trained_on = {stage.train_on for stage in chain.stages}
    if trained_on != {"shots"}:
        yield from data.train["tags"]
    if trained_on != {"source"}:
        for language, rows in data.shots.items():
            if chain.language in (None, language):
                yield from rows["tags"]
