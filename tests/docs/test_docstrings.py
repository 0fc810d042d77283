"""Every public name is explained: a sentence, its arguments, and an example that runs as doctest."""

import inspect

import pytest

from tests.docs.test_site import public_names

_OURS = {
    value: name
    for name, value in public_names()
    if (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__.startswith("hf_mixtrain")
}


@pytest.mark.parametrize("value", [pytest.param(value, id=name) for value, name in _OURS.items()])
def test_a_public_name_has_an_example(value):
    assert ">>> " in (value.__doc__ or "")


@pytest.mark.parametrize("value", [pytest.param(v, id=name) for v, name in _OURS.items() if inspect.isfunction(v)])
def test_a_public_function_explains_its_arguments(value):
    parameters = list(inspect.signature(value).parameters)
    if len(parameters) > 1:
        arguments = (value.__doc__ or "").partition("Args:\n")[2]
        assert [name for name in parameters if f" {name}: " not in arguments.replace("*", "")] == []
