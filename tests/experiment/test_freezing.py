import pytest
from safetensors.torch import load_file
from torch import nn

from hf_mixtrain.errors import InputError
from hf_mixtrain.experiment.freezing import freeze


def test_frozen_parameters_stay_as_they_were_and_the_others_are_trained(run, tmp_path):
    """The encoder of the tests has the biases it began with: zeros."""
    run("out", "--freeze", "bias", "LayerNorm", "--method", "gradient-mix-train")
    run("free", "--method", "gradient-mix-train")
    frozen, free = (
        load_file(tmp_path / out / "panx/gradient-mix-train/k5/seed1/model.safetensors") for out in ("out", "free")
    )
    biases = [name for name in frozen if name.endswith("bias")]
    assert biases
    assert not any(frozen[name].any() for name in biases)
    assert all(free[name].any() for name in biases if "key" not in name)  # softmax does not see the keys' bias
    assert (frozen["classifier.weight"] != free["classifier.weight"]).any()


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        (["classifer"], "--freeze classifer: found in no parameter's name. The last ones are weight, bias."),
        (["("], "not a regular expression"),
        (["bias", "weight"], "--freeze bias weight: nothing is left to train"),
    ],
)
def test_mistakes_are_told(patterns, message):
    with pytest.raises(InputError) as error:
        freeze(nn.Linear(2, 2), patterns)
    assert message in str(error.value)
