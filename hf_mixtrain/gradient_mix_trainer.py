"""The Trainer that users import: surgery, and pushes that are safe."""

from transformers import Trainer

from hf_mixtrain.hub import SafePushMixin
from hf_mixtrain.trainer import GradientMixMixin


class GradientMixTrainer(GradientMixMixin, SafePushMixin, Trainer):
    """`transformers.Trainer` with stochastic gradient surgery: for each update one language is drawn, and what of the
    update opposes its shots is taken out.

    Source: Xu and Murray (2022), arXiv:2204.13869. Positional order and keywords are those of `Trainer`. See
    `GradientMixMixin` for what it adds to the training, and `SafePushMixin` for what it keeps out of a push.

    Args:
        *args: Those of `Trainer`, in its order.
        oracle_dataset: ``{language: data set of shots}``, a data set with the column ``args.language_column``, or
            None: then the target languages in ``train_dataset`` if it has that column.
        **kwargs: Those of `Trainer`.

    Example:
        >>> from hf_mixtrain import GradientMixTrainingArguments
        >>> from transformers import BertConfig, BertForSequenceClassification
        >>> config = BertConfig(vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
        ...                     intermediate_size=8)
        >>> rows = [{"input_ids": [i], "labels": i % 2, "language": "sw" if i < 2 else "en"} for i in range(8)]
        >>> args = GradientMixTrainingArguments(output_dir="out", max_steps=2, report_to="none", use_cpu=True,
        ...                                     save_strategy="no", disable_tqdm=True, logging_strategy="no")
        >>> trainer = GradientMixTrainer(BertForSequenceClassification(config), args, train_dataset=rows)
        >>> _ = trainer.train()
        {'train_runtime': ...}
        >>> trainer.surgery_statistics.to_dict()["steps"]
        2
    """
