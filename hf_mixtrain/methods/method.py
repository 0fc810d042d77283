"""What a stage and a method are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

Order = Literal["shuffled", "upsampled", "alternating"]
"""How the rows of one epoch come; see `Stage`."""
Selection = Literal["last", "source-dev", "target-dev", "average"]
"""Which model of a training is kept; see `Stage`."""


@dataclass(frozen=True)
class Stage:
    """One training run. It starts from the model that the stage before it has left, the first one from the encoder.

    Attributes:
        train_on: ``"source"``: the source set; ``"shots"``: the shots of all targets together; ``"mixed"``: both.
        per_language: Train one model for each target, on the shots of that target alone.
        order: How the rows of one epoch come:

            - ``"shuffled"``: each row once;
            - ``"upsampled"``: the shots repeated until they are as many as the source rows;
            - ``"alternating"``: a batch of source rows and a batch of shots by turns, two batches an update, so that
              source and shots weigh the same in every update.
        surgery: Whether updates are kept from hurting a randomly drawn target language.
        select_on: Which model of the run is kept:

            - ``"last"``: the one after the last update;
            - ``"source-dev"``, ``"target-dev"``: the best one on a dev set of the source, or of the targets;
            - ``"average"``: the mean of the weights at ten evenly spaced updates;
            - ``None``: as the user asks.
        patience: Stop after so many evaluations on the dev set without a better score; ``None``: never.
        settings: Training arguments that hold for this stage; the user's own flags for the stage win over them.

    Example:
        >>> from hf_mixtrain.methods import METHODS
        >>> (stage,) = METHODS["gradient-mix-train"].stages
        >>> stage.train_on, stage.order, stage.surgery
        ('mixed', 'shuffled', True)
    """

    train_on: Literal["source", "shots", "mixed"]
    per_language: bool = False
    order: Order = "shuffled"
    surgery: bool = False
    select_on: Selection | None = None
    patience: int | None = None
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    @property
    def adapts(self) -> bool:
        """Whether the stage adapts a trained model to the shots, rather than training an encoder."""
        return self.train_on == "shots"


@dataclass(frozen=True)
class Method:
    """A way to train, as a sequence of stages.

    Attributes:
        name: What ``--method`` takes.
        title: The name in tables.
        stages: From first to last. Methods that begin with the same stage share its model.
        in_paper: Whether it is one of the six methods that Xu and Murray (2022) compare.
        source: Where the method comes from.

    Example:
        >>> from hf_mixtrain.methods import METHODS
        >>> method = METHODS["mix-ft"]
        >>> method.title, [stage.train_on for stage in method.stages]
        ('mix-FT', ['source', 'shots'])
    """

    name: str
    title: str
    stages: tuple[Stage, ...]
    source: str
    in_paper: bool = True

    @property
    def uses_shots(self) -> bool:
        """Whether K means anything: zero-shot has K = 0 whatever is asked for."""
        return any(stage.train_on != "source" for stage in self.stages)

    @property
    def uses_target_dev(self) -> bool:
        """Whether the method looks at labelled dev sets of the target languages."""
        return any(stage.select_on == "target-dev" for stage in self.stages)
