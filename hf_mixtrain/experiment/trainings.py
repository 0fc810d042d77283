"""A training from the store, or else made and put there: cells that have a training in common share it."""

from hf_mixtrain.experiment.context import GridContext
from hf_mixtrain.experiment.identity import training_key
from hf_mixtrain.experiment.locks import on_main_process
from hf_mixtrain.experiment.plan import Chain
from hf_mixtrain.experiment.training import rows_of, train
from hf_mixtrain.experiment.training_store import Trained


def trained(chain: Chain, context: GridContext, *, with_model: bool) -> Trained:
    """Return the training of a chain's last stage.

    Args:
        chain: The chain; stages before the last are trained too, if they are needed for it.
        context: The grid.
        with_model: Whether the model is needed; else its record is enough.

    Raises:
        TrainedElsewhereError: If another launch makes it, or one before it, at this moment.
    """
    key, store, progress = training_key(chain, context), context.store, context.progress

    def read() -> Trained | None:
        known = on_main_process(lambda: store.read(key, with_model=with_model))
        if known is not None:
            progress.known(chain)
        return known

    if (known := read()) is not None:
        return known
    with store.claimed(key):
        if (known := read()) is not None:  # made by another launch meanwhile
            return known
        before, start = None, context.models.encoder
        if chain.before is not None:
            before = trained(chain.before, context, with_model=True)
            start = str(store.model(before.key))
        progress.say(str(chain))
        progress.begin(chain, str(chain))
        rows = rows_of(chain, context)  # a signal may stop this at any moment, unlike what follows
        with context.stop.deferred():
            made = train(chain, context, rows, start=start, folder=store.folder(key), on_step=progress.step)
            made.key, made.before = key, before
            on_main_process(store.write, key, made)
        progress.end()
    return made
