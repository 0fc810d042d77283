"""Ways to make one gradient of [mixed, oracle 1, …, oracle m], all from the small matrix of their inner products."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from hf_mixtrain.errors import InputError
from hf_mixtrain.surgery.projection import projection_weights


class Aggregator:
    """Weights of [mixed, oracle 1, …, oracle m] from their Gram matrix, with what must be kept between steps.

    Args:
        weighting: Function from the Gram matrix to the weights, or a weighting module of `torchjd`.

    Example:
        >>> make_aggregator("stochastic", oracles=1)(torch.tensor([[2.0, -2.0], [-2.0, 4.0]])).tolist()
        [1.0, 0.5]
    """

    def __init__(self, weighting: Callable[[Tensor], Tensor]) -> None:
        self._weighting = weighting

    def __call__(self, gram: Tensor) -> Tensor:
        """Return m + 1 weights for the Gram matrix ``gram``, (m + 1) x (m + 1), float64."""
        return self._weighting(gram)

    def state(self) -> dict[str, Any]:
        """Return what a resumed training needs, as JSON; empty for all but GradVac, which keeps running means."""
        phi = getattr(self._weighting, "_phi_t", None)
        return {} if phi is None else {"gradvac": phi.tolist()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from ``state()`` of an interrupted training."""
        if "gradvac" in state:
            phi = torch.tensor(state["gradvac"], dtype=torch.float64)
            self._weighting._phi_t = phi  # type: ignore[attr-defined]
            self._weighting._state_key = (len(phi), phi.dtype)  # type: ignore[attr-defined]


def _stochastic(oracles: int) -> Callable[[Tensor], Tensor]:
    return projection_weights


def _pcgrad(oracles: int) -> Callable[[Tensor], Tensor]:
    from torchjd.aggregation import PCGradWeighting

    return PCGradWeighting()


def _upgrad(oracles: int) -> Callable[[Tensor], Tensor]:
    from torchjd.aggregation import UPGradWeighting

    # All preference lies on the mixed gradient: without conflict the update is the plain one.
    preference = torch.zeros(oracles + 1, dtype=torch.float64)
    preference[0] = 1
    return UPGradWeighting(pref_vector=preference)


def _cagrad(oracles: int) -> Callable[[Tensor], Tensor]:
    from torchjd.aggregation import CAGradWeighting

    return CAGradWeighting(c=0.5)


def _gradvac(oracles: int) -> Callable[[Tensor], Tensor]:
    from torchjd.aggregation import GradVacWeighting

    return GradVacWeighting()


AGGREGATORS: dict[str, Callable[[int], Callable[[Tensor], Tensor]]] = {
    "stochastic": _stochastic,
    "pcgrad": _pcgrad,
    "upgrad": _upgrad,
    "cagrad": _cagrad,
    "gradvac": _gradvac,
}
"""By the name that `surgery=` takes: a function from the number of oracle languages to a weighting."""


def make_aggregator(name: str, *, oracles: int) -> Aggregator:
    """Return the aggregator called ``name`` for ``oracles`` languages per update.

    - ``stochastic``: the paper's projection (Xu and Murray 2022, arXiv:2204.13869), one oracle after the other.
    - ``upgrad``: the mixed gradient projected on the cone that no gradient opposes (UPGrad, Quinton and Rey 2024,
      arXiv:2406.16232, with all preference on the mixed gradient).
    - ``pcgrad`` (Yu et al. 2020, arXiv:2001.06782), ``cagrad`` with c = 0.5 (Liu et al. 2021, arXiv:2110.14048),
      ``gradvac`` (Wang et al. 2021, arXiv:2010.05874): as `torchjd` has them; they add the oracles' gradients to the
      update, so shots count once more than in the mixed batch.

    Args:
        name: One of `AGGREGATORS`.
        oracles: Number m of oracle gradients, 1 or more.

    Returns:
        The aggregator.

    Raises:
        InputError: If ``name`` needs `torchjd` and it is not installed.

    Example:
        >>> make_aggregator("upgrad", oracles=1)(torch.tensor([[2.0, 1.0], [1.0, 4.0]])).tolist()
        [1.0, 0.0]
    """
    try:
        return Aggregator(AGGREGATORS[name](oracles))
    except ImportError:
        raise InputError(
            f'`surgery={name!r}` needs torchjd and its solvers: pip install "hf_mixtrain[aggregators]", '
            "or use `surgery='stochastic'`."
        ) from None
