"""Trained stages, kept under a name made from all that decides them: what cells have in common is trained once."""

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from accelerate import PartialState
from transformers import Trainer

import hf_mixtrain
from hf_mixtrain.data import FewShotData
from hf_mixtrain.evaluation import Decoding, evaluate_decodings
from hf_mixtrain.evaluation.decoding import Rule
from hf_mixtrain.experiment.decoding import choose_rule, decodings_of, reading_of
from hf_mixtrain.experiment.environment import peak_memory, reset_peak_memory
from hf_mixtrain.experiment.locks import one_at_a_time
from hf_mixtrain.experiment.material import Material
from hf_mixtrain.experiment.plan import Chain
from hf_mixtrain.experiment.progress import Progress
from hf_mixtrain.experiment.training import Trained, evaluation_trainer, train
from hf_mixtrain.files import atomic_write_text
from hf_mixtrain.prediction.reading import write_reading

_RECORD = "stage.json"
# Flags that only trainings on shots alone look at.
_ADAPTING = ("adapt_epochs", "adapt_learning_rate")


class Stages:
    """The trained models of a grid.

    Args:
        material: Data, features and the encoder.
        folder: Where they are kept.
        progress: Is told of every step.
    """

    def __init__(self, material: Material, folder: Path, progress: Progress) -> None:
        self._material, self._folder, self._progress = material, folder, progress
        self._keys: dict[Chain, str] = {}

    def data(self, chain: Chain) -> FewShotData:
        """Return the data of a chain."""
        return self._material.data(chain.shots, chain.seed)

    def folder(self, chain: Chain) -> Path:
        """Return the folder of a chain's last stage."""
        if chain not in self._keys:
            self._keys[chain] = self._key(chain)
        return self._folder / self._keys[chain]

    def trained(self, chain: Chain, *, with_model: bool = False) -> Trained:
        """Return what is known of a chain's last stage, after training it if that has not been done.

        Args:
            chain: The chain; stages before the last are trained too, if they are needed for it.
            with_model: Train it again if only its scores are left.
        """
        folder = self.folder(chain)
        with one_at_a_time(folder.with_suffix(".lock")):
            known = _read(folder)
            if known is not None and (not with_model or (folder / "model").is_dir()):
                self._progress.known(chain)
                return known
            start = self._material.encoder
            if chain.before is not None:
                self.trained(chain.before, with_model=True)
                start = str(self.folder(chain.before) / "model")
            self._progress.say(str(chain))
            self._progress.begin(chain, str(chain))
            trained = train(
                self._material,
                chain.stages[-1],
                start=start,
                data=self.data(chain),
                language=chain.language,
                folder=folder,
                on_step=self._progress.step,
            )
            self._progress.end()
            self._write(folder, trained)
            return trained

    def scores(self, chain: Chain, languages: Sequence[str]) -> dict[str, dict[str, dict[str, float]]]:
        """Return the scores of a chain's model on the test sets of some languages, evaluating it where needed.

        Returns:
            Scores by decoding rule and language; all rules decode the same outputs of the model.
        """
        folder = self.folder(chain)
        trained = self.trained(chain)
        missing = [language for language in languages if language not in trained.scores.get("argmax", {})]
        if missing:
            trained = self.trained(chain, with_model=True)
            with one_at_a_time(folder.with_suffix(".lock")):
                reset_peak_memory()
                trainer, data = evaluation_trainer(self._material, folder / "model"), self.data(chain)
                among = decodings_of(chain, data)
                trained.rule = trained.rule or self._rule(chain, trainer, among)
                self._progress.say(f"evaluating {' '.join(missing)}")
                for language in missing:
                    self._progress.begin((chain, language), f"evaluating {language}")
                    found = evaluate_decodings(
                        trainer, data.task, data.test[language], self._material.tokenizer, among,
                        max_length=self._material.max_length, label_piece=self._material.settings.label_piece,
                    )  # fmt: skip
                    for rule, (_, scores) in found.items():
                        trained.scores.setdefault(rule, {})[language] = scores
                    self._progress.end()
                trained.peak_memory_bytes = max(trained.peak_memory_bytes, peak_memory())
                self._write(folder, trained)
        return {rule: {name: scores[name] for name in languages} for rule, scores in trained.scores.items()}

    def decoding(self, chain: Chain) -> Decoding:
        """Return how a chain's tags are decoded, once it has been evaluated."""
        return decodings_of(chain, self.data(chain))[cast(Rule, self.trained(chain).rule)]

    def _rule(self, chain: Chain, trainer: Trainer, among: dict[Rule, Decoding]) -> Rule:
        # A model of one target is not measured on the source: it takes the rule of the model that it was made from.
        if chain.language is not None and chain.before is not None:
            self.scores(chain.before, [self.data(chain).source_language])
            return cast(Rule, self.trained(chain.before).rule)
        return choose_rule(trainer, self._material, self.data(chain), among, self._material.settings.decode)

    def copy_model(self, chain: Chain, folder: Path) -> None:
        """Put a chain's model and tokenizer into ``folder``."""
        self.trained(chain, with_model=True)
        decoding = self.decoding(chain)
        if PartialState().is_main_process:
            # Before the model, whose configuration comes last: a folder that has that is whole.
            write_reading(folder, reading_of(self._material, chain, self.data(chain), decoding))
            self._material.export(self.folder(chain) / "model", folder)

    def drop(self, chain: Chain, *, model_only: bool = False) -> None:
        """Forget a chain's last stage; with ``model_only``, its scores are still known."""
        folder = self.folder(chain)
        shutil.rmtree(folder / "model" if model_only else folder, ignore_errors=True)

    def _write(self, folder: Path, trained: Trained) -> None:
        if PartialState().is_main_process:
            atomic_write_text(folder / _RECORD, json.dumps(dataclasses.asdict(trained), indent=2) + "\n")
            for path in folder.iterdir():
                if path.name not in (_RECORD, "model"):
                    shutil.rmtree(path)
        PartialState().wait_for_everyone()

    def _key(self, chain: Chain) -> str:
        settings, stage = self._material.settings, chain.stages[-1]
        data = self.data(chain)
        changed = {name: value for name, value in settings.changed.items() if stage.adapts or name not in _ADAPTING}
        shots = {name: ids for name, ids in data.shot_ids.items() if chain.language in (None, name)}
        # A stage on the source alone is the same for all targets, unless they decide what model comes out.
        by_targets = self._material.target_dev or settings.run.trim_vocabulary
        what = {
            "version": hf_mixtrain.__version__,
            "task": data.task.name,
            "places": settings.places,
            "settings": changed,
            "languages": sorted(data.languages) if by_targets else [],
            "seed": chain.seed,
            "stage": {**vars(stage), "settings": dict(stage.settings)},
            "before": self._key(chain.before) if chain.before else "",
            "language": chain.language,
            "shots": shots if stage.train_on != "source" else {},
        }
        text = json.dumps(what, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read(folder: Path) -> Trained | None:
    path = folder / _RECORD
    return Trained(**json.loads(path.read_text())) if path.is_file() else None
