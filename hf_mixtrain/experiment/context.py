"""What all parts of a running grid share."""

from dataclasses import dataclass, field

from hf_mixtrain.experiment.grid_data import GridData
from hf_mixtrain.experiment.models import Models
from hf_mixtrain.experiment.progress import Progress
from hf_mixtrain.experiment.settings import Settings
from hf_mixtrain.experiment.stopping import StopSignals
from hf_mixtrain.experiment.training_store import TrainingStore


@dataclass
class GridContext:
    """A grid's settings, and what is made from them once.

    Attributes:
        settings: The grid's settings.
        data: Its data.
        models: Its encoder, and how models leave it.
        store: Where trainings are kept.
        progress: Is told of every piece of work.
        stop: Knows whether a signal has asked the grid to stop.
    """

    settings: Settings
    data: GridData
    models: Models
    store: TrainingStore
    progress: Progress
    stop: StopSignals = field(default_factory=StopSignals)
