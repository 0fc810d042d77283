"""Parameters that are not trained."""

import re
from collections.abc import Sequence

from torch import nn

from hf_mixtrain.errors import InputError


def freeze(model: nn.Module, patterns: Sequence[str]) -> None:
    """Take out of training the parameters in whose names one of some regular expressions is found.

    Args:
        model: Any model; it is changed.
        patterns: Regular expressions, such as ``embeddings`` or ``layer[.][0-5][.]``.

    Raises:
        InputError: If a pattern is no regular expression or is found in no name, or if nothing is left to train.

    Example:
        >>> model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
        >>> freeze(model, ["^0[.]"])
        >>> [name for name, parameter in model.named_parameters() if parameter.requires_grad]
        ['1.weight', '1.bias']
    """
    for pattern in patterns:
        try:
            found = [parameter for name, parameter in model.named_parameters() if re.search(pattern, name)]
        except re.error as error:
            raise InputError(f"--freeze {pattern}: not a regular expression ({error}).") from None
        if not found:
            names = ", ".join(name for name, _ in list(model.named_parameters())[-3:])
            raise InputError(f"--freeze {pattern}: found in no parameter's name. The last ones are {names}.")
        for parameter in found:
            parameter.requires_grad_(False)
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise InputError(f"--freeze {' '.join(patterns)}: nothing is left to train. Leave one out.")
