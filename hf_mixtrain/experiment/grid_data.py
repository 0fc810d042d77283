"""The data of a grid: raw rows, features, and checksums of the rows; all loaded once."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from accelerate import PartialState
from datasets import Dataset
from transformers import PreTrainedTokenizerBase

from hf_mixtrain.data import FewShotData, featurize, load_fewshot, open_source
from hf_mixtrain.data.cache import content_hash
from hf_mixtrain.data.task import Split
from hf_mixtrain.encoders import dataset_texts
from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.settings import Settings
from hf_mixtrain.methods import METHODS


class GridData:
    """What the trainings of a grid are trained and tested on.

    Args:
        settings: The grid's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._data: dict[tuple[int, int], FewShotData] = {}
        self._checksums: dict[str, str] = {}
        self._once = _Once()

    @cached_property
    def languages(self) -> list[str]:
        """All languages that are tested, source first: for zero-shot the same as for the other methods of the grid."""
        return self._first.languages

    @cached_property
    def _first(self) -> FewShotData:
        run = self._settings.run
        data = self._load(self._most_shots, run.seeds[0], run.languages)
        self._data[self._most_shots, run.seeds[0]] = data
        return data

    @property
    def target_dev(self) -> bool:
        """Whether dev sets of the targets are read: only for a method that is defined by them, or on request."""
        run = self._settings.run
        return run.select_on == "target-dev" or any(METHODS[method].uses_target_dev for method in run.method)

    def check(self) -> None:
        """Read everything that the grid needs, before anything is trained.

        Raises:
            InputError: If data are missing or not as expected.
        """
        run, sources = self._settings.run, self._settings.source_languages
        data = self.of(self._most_shots, run.seeds[0])
        for name, rows in {"train": data.train, **{f"test of {k}": v for k, v in data.test.items()}}.items():
            if not len(rows):
                raise InputError(f"--data_source {run.data_source}: {name} of {self._settings.task.name} has no rows.")
        needed = [*sources, *data.shots] if self.target_dev else [*sources] if run.select_on == "source-dev" else []
        if without := [language for language in needed if language not in data.dev]:
            raise InputError(
                f"--data_source {run.data_source}: expected dev data of {', '.join(without)} to select a model on, "
                f"found none for {self._settings.task.name}. Use --select_on last, and no method that needs target dev "
                "data."
            )

    def of(self, shots: int, seed: int) -> FewShotData:
        """Return the data for K and a seed."""
        targets = self._first.targets
        if (shots, seed) not in self._data:
            self._data[shots, seed] = self._load(shots, seed, list(targets))
        return self._data[shots, seed]

    def features(self, rows: Dataset, tokenizer: PreTrainedTokenizerBase) -> Dataset:
        """Return the training features of some rows."""
        settings = self._settings
        with PartialState().local_main_process_first():
            return featurize(
                settings.task, rows, tokenizer,
                training=True, max_length=settings.run.max_length, label_piece=settings.label_piece,
            )  # fmt: skip

    def checksum(self, rows: Dataset) -> str:
        """Return the SHA-256 of some rows."""
        name = rows._fingerprint  # of this process alone: the same rows come with every K and seed
        if name not in self._checksums:
            self._checksums[name] = content_hash(rows)
        return self._checksums[name]

    def checksums(self, parts: Mapping[str, Mapping[str, Dataset]]) -> dict[str, dict[str, str]]:
        """Return ``{language: {split: SHA-256}}``, sorted, of rows that are given as ``{split: {language: rows}}``."""
        found: dict[str, dict[str, str]] = {}
        for split, by_language in parts.items():
            for language, rows in by_language.items():
                found.setdefault(language, {})[split] = self.checksum(rows)
        return {language: dict(sorted(found[language].items())) for language in sorted(found)}

    def vocabulary_texts(self) -> Iterator[Any]:
        """Yield all texts from which any K and any seed can draw: a cell must not depend on which others are run."""
        return dataset_texts(rows for _, rows in self._vocabulary_rows())

    @cached_property
    def vocabulary_checksums(self) -> dict[str, dict[str, str]]:
        """The checksums of the rows of `vocabulary_texts`, by language and split."""
        found: dict[str, dict[str, str]] = {}
        for (language, split), rows in self._vocabulary_rows():
            found.setdefault(language, {})[split] = self.checksum(rows)
        return dict(sorted(found.items()))

    def _vocabulary_rows(self) -> Iterator[tuple[tuple[str, Split], Dataset]]:
        task, sources = self._settings.task, self._settings.source_languages
        source = open_source(self._settings.run.data_source, task, sources)
        splits: list[Split] = ["train", "dev", "test"]
        of_targets = {task.shots_split, "test"} | ({"dev"} if self.target_dev else set())
        for language in (*sources, *self._first.targets):
            for split in splits:
                if (language in sources or split in of_targets) and source.has(language, split):
                    yield (language, split), source.read(language, split)

    @property
    def _most_shots(self) -> int:
        run = self._settings.run
        return max(run.shots) if any(METHODS[method].uses_shots for method in run.method) else 0

    def _load(self, shots: int, seed: int, languages: list[str] | None) -> FewShotData:
        run = self._settings.run
        with self._once.of("hf_mixtrain.data.fewshot"):
            return load_fewshot(
                self._settings.task,
                shots=shots,
                seed=seed,
                languages=languages,
                source=run.data_source,
                source_language=self._settings.source_languages,
                target_dev=self.target_dev,
                max_source_examples=run.max_source_examples,
                max_eval_examples=run.max_eval_examples,
                shots_per=run.shots_per,
                shots_file=run.shots_file,
                strict_shots=run.strict_shots,
            )


class _Once(logging.Filter):
    """Lets each message through once: what is wrong with data is mostly wrong with them for every K and seed."""

    def __init__(self) -> None:
        super().__init__()
        self._said: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        is_new = message not in self._said
        self._said.add(message)
        return is_new

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Filter the messages of a logger while this lasts."""
        its = logging.getLogger(name)
        its.addFilter(self)
        try:
            yield
        finally:
            its.removeFilter(self)
