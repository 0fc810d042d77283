"""Training arguments, plus what mixed training with surgery needs."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from hf_mixtrain import compat
from hf_mixtrain.errors import InputError

if TYPE_CHECKING:
    from transformers import TrainingArguments
else:
    TrainingArguments = compat.training_arguments()

SurgeryName = Literal["stochastic", "none", "pcgrad", "upgrad", "cagrad", "gradvac"]
SurgeryScope = Literal["optimizer_step", "micro_batch"]


@dataclass
class GradientMixTrainingArguments(TrainingArguments):
    """`transformers.TrainingArguments`, plus what mixed training with gradient surgery needs.

    The defaults of the new fields are what Xu and Murray (2022) describe; all other defaults are those of
    `TrainingArguments`.

    Args:
        surgery: What is done with the gradients of the batch and of the oracle languages: ``"stochastic"`` (project
            the conflict out, the paper's method), ``"none"``, or an aggregator of `torchjd` (extra ``aggregators``):
            ``"pcgrad"``, ``"upgrad"``, ``"cagrad"``, ``"gradvac"``.
        surgery_scope: ``"optimizer_step"``: once per update, on the whole accumulated gradient, so that the update
            is the same however the batch is cut. ``"micro_batch"``: after every backward pass, on the running sum,
            as the authors' code does.
        surgery_probability: Probability in [0, 1] that surgery is done where its scope allows it. The authors' code
            has 1 for NER and POS, and 0.1 for XNLI and TyDiQA.
        oracle_batch_size: Shots in one oracle batch, over all processes; None: all shots of the language, at most
            the rows of one update.
        oracle_languages_per_step: Languages drawn for one surgery, 1 or more. Memory grows by one set of gradients
            for each, not with the number of languages that there are.
        oracle_include_source: Whether the source language is drawn too, as in the authors' code.
        language_column: Column of the data sets that names the language of a row.
        source_language: Value of that column for the source language.
        paper_exact: Do what the authors' code does (PAPER: "a target language", code: every language): sets
            ``surgery_scope="micro_batch"`` and ``oracle_include_source=True``, and cuts each language's rows into
            oracle batches once, before training.

    Raises:
        InputError: If a value is out of its range, or two contradict each other.

    Example:
        >>> args = GradientMixTrainingArguments(output_dir="out", surgery_probability=0.1, use_cpu=True)
        >>> args.surgery, args.surgery_scope
        ('stochastic', 'optimizer_step')
    """

    surgery: SurgeryName = field(
        default="stochastic",
        metadata={
            "help": "What is done when the update opposes the oracle language, a target language drawn at random."
        },
    )
    surgery_scope: SurgeryScope = field(
        default="optimizer_step",
        metadata={"help": "When surgery is done: once per update, or after every micro-batch."},
    )
    surgery_probability: float = field(
        default=1.0, metadata={"help": "Share of the updates with surgery (authors: 0.1 for XNLI and TyDiQA)."}
    )
    oracle_batch_size: int | None = field(
        default=None, metadata={"help": "Shots drawn for one surgery. Default: all K, at most the rows of one update."}
    )
    oracle_languages_per_step: int = field(default=1, metadata={"help": "Oracle languages drawn for one surgery."})
    oracle_include_source: bool = field(
        default=False, metadata={"help": "The source language may be drawn too, as in the authors' code."}
    )
    language_column: str = field(default="language", metadata={"help": "Column that names the language of a row."})
    source_language: str = field(default="en", metadata={"help": "Language with the full training set."})
    paper_exact: bool = field(
        default=False,
        metadata={"help": "As the authors' code: every micro-batch, source drawn too, fixed oracle batches."},
    )

    def __post_init__(self) -> None:
        self.check_surgery()
        super().__post_init__()

    def check_surgery(self) -> None:
        """Check the fields about surgery, and set what `paper_exact` implies; done again when a training starts.

        Raises:
            InputError: If a value is out of its range, or two contradict each other.
        """
        _check_choice("surgery", self.surgery, get_args(SurgeryName))
        _check_choice("surgery_scope", self.surgery_scope, get_args(SurgeryScope))
        if not 0 <= self.surgery_probability <= 1:
            raise InputError(
                f"`surgery_probability` must be between 0 and 1. Got {self.surgery_probability}. "
                "Use `surgery='none'` to train without surgery."
            )
        if self.oracle_batch_size is not None and self.oracle_batch_size < 1:
            raise InputError(
                f"`oracle_batch_size` must be 1 or more. Got {self.oracle_batch_size}. "
                "Leave it out to use all shots, or set `surgery='none'` to train without surgery."
            )
        if self.oracle_languages_per_step < 1:
            raise InputError(
                f"`oracle_languages_per_step` must be 1 or more. Got {self.oracle_languages_per_step}. "
                "Set `surgery='none'` to train without surgery."
            )
        if self.paper_exact:
            if self.surgery != "stochastic" or self.oracle_languages_per_step != 1:
                raise InputError(
                    "`paper_exact` is one projection on one language. Got "
                    f"`surgery={self.surgery!r}`, `oracle_languages_per_step={self.oracle_languages_per_step}`. "
                    "Leave them at their defaults, or set `paper_exact=False`."
                )
            self.surgery_scope = "micro_batch"
            self.oracle_include_source = True


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InputError(f"`{name}` must be one of {', '.join(choices)}. Got {value!r}.")
