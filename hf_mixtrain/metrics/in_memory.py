"""What all our metrics share: an `evaluate.Metric` that leaves nothing on disk."""

import evaluate
from datasets import Features


class InMemoryMetric(evaluate.Metric):
    """An `evaluate.Metric` that keeps its rows in memory.

    `evaluate` writes the rows to one file per metric in the user's cache and locks it, so processes that score at the
    same time wait for each other, and a read-only home ends the run. The rows of a test set fit in memory. Everything
    else is `evaluate.Metric`: ``compute``, ``add``, ``add_batch`` and `evaluate.combine` work, and ``num_process``
    above 1 goes through files as it does there (a metric in memory sees the rows of its own process only).

    Args:
        config_name: As for `evaluate.Metric`.
        keep_in_memory: None (default) means in memory, unless ``num_process`` is above 1.
        num_process: As for `evaluate.Metric`.
        **kwargs: The other arguments of `evaluate.Metric`.

    Attributes:
        keys: The scores that ``compute`` always returns; others may depend on the rows.

    Example:
        >>> from hf_mixtrain.metrics import Accuracy
        >>> metric = Accuracy()
        >>> isinstance(metric, InMemoryMetric)
        True
        >>> metric.add_batch(predictions=["yes", "no"], references=["yes", "yes"])
        >>> metric.compute()["accuracy"]
        0.5
    """

    keys: tuple[str, ...] = ()

    def __init__(
        self,
        config_name: str | None = None,
        keep_in_memory: bool | None = None,
        *,
        num_process: int = 1,
        **kwargs: object,
    ):
        in_memory = num_process == 1 if keep_in_memory is None else keep_in_memory
        super().__init__(config_name=config_name, keep_in_memory=in_memory, num_process=num_process, **kwargs)

    def _build_data_dir(self) -> str:
        # The parent makes this folder even where nothing will be written to it.
        return str(self._data_dir_root) if self.keep_in_memory else str(super()._build_data_dir())

    def _described(self, features: Features | list[Features], citation: str) -> evaluate.MetricInfo:
        """Describe the metric by its class's docstring, which is where `evaluate` users look too."""
        text = (type(self).__doc__ or "").strip()
        return evaluate.MetricInfo(
            description=text.partition("\n")[0],
            citation=citation,
            inputs_description=text,
            features=features,
        )
