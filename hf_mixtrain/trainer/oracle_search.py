"""Find the oracles of a training when it starts, from the arguments and data sets as they are then."""

from typing import Any

import datasets

from hf_mixtrain.trainer.arguments import GradientMixTrainingArguments
from hf_mixtrain.trainer.data_path import PreparedRows, prepare_rows, prepares_in_constructor
from hf_mixtrain.trainer.language_column import column_names, says_several_languages, source_name
from hf_mixtrain.trainer.oracle_data import OracleRows, group_by_language, why_nothing_to_draw
from hf_mixtrain.trainer.side_effects import isolated_pass

# What data sets call the column that says the language of a row.
_USUAL_COLUMNS = (GradientMixTrainingArguments.language_column, "lang", "locale")


def find_oracles(trainer: Any, loader: Any, given: Any, kept: Any) -> tuple[dict[str, PreparedRows], str | None]:
    """Find and prepare the rows of every language that can be drawn, and leave no trace of the search.

    Args:
        trainer: The trainer, with ``args``, ``train_dataset`` and ``oracle_dataset``.
        loader: The loader that the class made of the training set; None: it is made here.
        given: The training set that the constructor got.
        kept: What the constructor made of it.

    Returns:
        The rows of each language, and what the user should be told: that there is no surgery, and why.

    Raises:
        InputError: If what was passed cannot be used.
    """
    args = trainer.args
    if not isinstance(args, GradientMixTrainingArguments):
        with isolated_pass(trainer.model, trainer, seed="languages", others=[trainer.train_dataset]):
            return {}, _why_not_with_plain_arguments(trainer)
    if args.surgery == "none":
        return {}, None
    with isolated_pass(trainer.model, trainer, seed="languages", others=[trainer.train_dataset, given]):
        rows = _where_languages_are(trainer, given, kept)
        groups = group_by_language(
            trainer.oracle_dataset,
            rows,
            language_column=args.language_column,
            source_language=source_of(trainer),
            include_source=args.oracle_include_source,
        )
        if not groups:
            why = why_nothing_to_draw(rows, language_column=args.language_column, source_language=source_of(trainer))
            return {}, f"Surgery is asked for (`surgery={args.surgery!r}`), and there is none: {why}"
        if loader is None:
            loader = trainer.get_train_dataloader()
        collate = getattr(loader, "collate_fn", None)
        with isolated_pass(trainer.model, trainer, seed="oracles", others=[collate, trainer.data_collator]):
            return {
                language: prepare_rows(
                    trainer, language, group, loader, as_given=not _is_of(group, trainer.train_dataset)
                )
                for language, group in groups.items()
            }, None


def source_of(trainer: Any) -> str:
    """Return the source language by the name that the data sets have for it."""
    for dataset in (trainer.oracle_dataset, trainer.train_dataset):
        name = source_name(trainer.args.source_language, dataset, trainer.args.language_column)
        if name != str(trainer.args.source_language):
            return name
    return str(trainer.args.source_language)


def without_languages(dataset: Any, column: str) -> Any:
    """Return a data set without the column that says the language of a row."""
    if isinstance(dataset, dict):
        return type(dataset)({name: without_languages(part, column) for name, part in dataset.items()})
    if isinstance(dataset, datasets.Dataset) and column in dataset.column_names:
        return dataset.remove_columns(column)
    return dataset


def _where_languages_are(trainer: Any, given: Any, kept: Any) -> Any:
    """The training set, or, if the constructor has dropped the column, the rows that it got."""
    column = trainer.args.language_column
    is_lost = trainer.train_dataset is kept and column not in column_names(kept)
    if is_lost and prepares_in_constructor(trainer) and column in column_names(given):
        return given
    return trainer.train_dataset


def _is_of(group: OracleRows, train_dataset: Any) -> bool:
    """Whether rows come from the training set, which the constructor has prepared."""
    parts = train_dataset.values() if isinstance(train_dataset, dict) else (train_dataset,)
    return any(group.dataset is part for part in parts)


def _why_not_with_plain_arguments(trainer: Any) -> str | None:
    rows = trainer.train_dataset
    column = next((name for name in _USUAL_COLUMNS if says_several_languages(rows, name)), None)
    if trainer.oracle_dataset is not None or column is None:
        return None
    return (
        f"There is no surgery, though column {column!r} of the training set names several languages: surgery needs "
        "`GradientMixTrainingArguments`, in place of `TrainingArguments`."
    )
