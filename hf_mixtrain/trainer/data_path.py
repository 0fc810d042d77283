"""The shots' way into a batch: the one that the trainer's class has for its training rows."""

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import datasets

from hf_mixtrain.errors import InputError
from hf_mixtrain.trainer.language_column import column_names, is_indexable
from hf_mixtrain.trainer.oracle_data import OracleRows


class PreparedRows:
    """Rows of one language, as the training's loader has its rows, and what makes a batch of them."""

    def __init__(self, rows: OracleRows, collate: Callable[[list[Any]], Any]) -> None:
        self.rows = rows
        self.collate = collate

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, numbers: Sequence[int]) -> Any:
        """Return the batch of the rows with these numbers."""
        return self.collate(self.rows.select(numbers))


def prepare_rows(trainer: Any, language: str, group: OracleRows, loader: Any, *, as_given: bool) -> PreparedRows:
    """Do with one language's shots what the trainer's class does with training rows, and try it on a batch.

    What the constructor does (TRL's trainers tokenize, sentence-transformers names data sets) is done by the class's
    own method; what ``get_train_dataloader`` does, by calling it with the shots in place of the training set.

    Args:
        trainer: The trainer; it is left as it was.
        language: Name of the language.
        group: Its rows.
        loader: The loader that the class made for the training set.
        as_given: Whether the rows are as the user gave them, not as the constructor left them.

    Returns:
        The rows, prepared.

    Raises:
        InputError: If no batch can be made of them, or they lack the labels that the training rows have.
    """
    try:
        dataset = group.as_dataset()
        if as_given:
            dataset = _as_the_constructor_does(trainer, language, dataset)
        if len(dataset) == 0:
            raise InputError(
                f"The shots of {language!r} must be usable for training. Nothing was left of {len(group)} rows when "
                f"{type(trainer).__name__} prepared them. Pass shots that are not too long and have a label."
            )
        dataset = _without_language(trainer, dataset, loader)
        prepared = _through_the_loader(trainer, dataset, loader)
        batch = prepared.batch(range(min(len(prepared), 2)))
        if isinstance(batch, Mapping) and not batch:
            raise ValueError("the batch is empty")
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"The shots of {language!r} must be of the form that the training rows have. "
            f"{type(trainer).__name__} could make no batch of them: {type(error).__name__}: {error}. Columns of the "
            f"shots: {', '.join(column_names(group.dataset)) or 'none'}. Pass `oracle_dataset` with rows like those of "
            "`train_dataset`, or with rows that `data_collator` takes."
        ) from error
    _refuse_without_labels(trainer, language, prepared, loader)
    return prepared


def rows_of_micro_batch(trainer: Any, loader: Any) -> int:
    """Return how many rows one process passes through the model at once, as the training's loader cuts them."""
    sampler: Any = getattr(loader, "batch_sampler", None)
    size = getattr(loader, "batch_size", None) or getattr(sampler, "batch_size", None)
    if not isinstance(size, int):
        return trainer._train_batch_size
    return max(1, size // sampler.num_processes) if getattr(sampler, "split_batches", False) else size


def takes_every_column(trainer: Any) -> bool:
    """Whether the class feeds every column to the model, so that one with languages would be taken for a text."""
    return hasattr(trainer, "collect_features")  # sentence-transformers' trainers


def prepares_in_constructor(trainer: Any) -> bool:
    """Whether rows as the user gave them can be prepared again, by the method that the constructor used."""
    return callable(getattr(trainer, "_prepare_dataset", None))


def _as_the_constructor_does(trainer: Any, language: str, dataset: Any) -> Any:
    if prepares_in_constructor(trainer):
        return _by_trl(trainer, _as_arrow(dataset))
    if takes_every_column(trainer):
        # A copy: the name of the data set is added by a transform, in place.
        named = datasets.DatasetDict({language: copy.copy(_as_arrow(dataset))})
        return trainer.preprocess_dataset(named)[language]
    return dataset


def _by_trl(trainer: Any, dataset: Any) -> Any:
    """TRL 1.16: SFT, Reward, DPO and others tokenize by this method, in the constructor and in ``evaluate``."""
    if getattr(trainer, "_skip_prepare_dataset", False) or getattr(trainer, "_is_vision_dataset", False):
        return dataset
    values = {
        "dataset": dataset,
        "processing_class": trainer.processing_class,
        "args": trainer.args,
        "packing": getattr(trainer.args, "packing", False),
        "formatting_func": getattr(trainer, "_formatting_func", None),
        "dataset_name": "oracle",
    }
    parameters = inspect.signature(trainer._prepare_dataset).parameters
    if any(p.default is p.empty and name not in values for name, p in parameters.items()):
        return dataset
    return trainer._prepare_dataset(**{name: value for name, value in values.items() if name in parameters})


def _as_arrow(dataset: Any) -> Any:
    if isinstance(dataset, datasets.Dataset):
        return dataset
    return datasets.Dataset.from_list([dict(dataset[number]) for number in range(len(dataset))])


def _without_language(trainer: Any, dataset: Any, loader: Any) -> Any:
    column = trainer.args.language_column
    kept = column in column_names(getattr(loader, "dataset", None))
    if takes_every_column(trainer) and isinstance(dataset, datasets.Dataset) and column in dataset.column_names:
        return dataset if kept else dataset.remove_columns(column)
    return dataset


def _through_the_loader(trainer: Any, dataset: Any, loader: Any) -> PreparedRows:
    training_rows = getattr(loader, "dataset", None)
    try:
        own = _loader_of(trainer, dataset)
        rows = own.dataset
        # A loader that does not look at `self.train_dataset` gives training rows.
        if rows is not training_rows and is_indexable(rows) and 0 < len(rows) <= len(dataset):
            return PreparedRows(OracleRows(rows, range(len(rows))), own.collate_fn)
    except Exception:  # not every loader takes other data: then the shots' rows go straight into a batch
        pass
    collate = getattr(loader, "collate_fn", None)
    if collate is None:
        collate = trainer._get_collator_with_removed_columns(trainer.data_collator, description="oracle")
    elif isinstance(dataset, datasets.Dataset) and isinstance(training_rows, datasets.Dataset):
        columns = [name for name in training_rows.column_names if name in dataset.column_names]
        dataset = dataset.select_columns(columns) if columns else dataset
    return PreparedRows(OracleRows(dataset, range(len(dataset))), collate)


def _loader_of(trainer: Any, dataset: Any) -> Any:
    """Return the class's training loader for other rows; the accelerator forgets it again."""
    training_set, loaders = trainer.train_dataset, list(trainer.accelerator._dataloaders)
    trainer.train_dataset = dataset
    try:
        return trainer.get_train_dataloader()
    finally:
        trainer.train_dataset = training_set
        trainer.accelerator._dataloaders[:] = loaders


def _refuse_without_labels(trainer: Any, language: str, prepared: PreparedRows, loader: Any) -> None:
    rows: Any = getattr(loader, "dataset", None)
    if not is_indexable(rows) or len(rows) == 0:
        return
    of_training, of_shot = rows[0], prepared.rows.select([0])[0]
    if isinstance(of_training, Mapping) and isinstance(of_shot, Mapping):
        labels = {"label", "label_ids", *trainer.label_names} & set(of_training)
        if labels and not labels & set(of_shot):
            raise InputError(
                f"The shots of {language!r} must have the labels that the training rows have. Found columns: "
                f"{', '.join(map(str, of_shot))}; expected {', '.join(sorted(labels))} among them."
            )
