"""What is tried again, and for how long."""

import json

import pytest
from huggingface_hub.errors import HfHubHTTPError

from hf_mixtrain.compat import httpx
from hf_mixtrain.hub import client
from hf_mixtrain.hub.client import is_passing, with_retries


def answer(status, url="https://huggingface.co/api", **headers):
    response = httpx.Response(status, headers=headers, request=httpx.Request("GET", url))
    return HfHubHTTPError("said the Hub", response=response)


class Flaky:
    """Raises what it was given, one error a call, then returns."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.calls = 0

    def __call__(self):
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


@pytest.fixture
def pauses(monkeypatch):
    found = []
    monkeypatch.setattr(client.time, "sleep", found.append)
    return found


def test_pauses_grow_and_the_last_error_comes_out(pauses):
    flaky = Flaky(*[answer(503) for _ in range(9)])
    with pytest.raises(HfHubHTTPError):
        with_retries(flaky, "it")
    assert flaky.calls == 5
    assert pauses == [1, 2, 4, 8]


def test_retry_after_is_obeyed(pauses):
    assert with_retries(Flaky(answer(429, **{"Retry-After": "7"})), "it") == "done"
    assert pauses == [7]


def test_retry_after_an_hour_is_not(pauses):
    with pytest.raises(HfHubHTTPError):
        with_retries(Flaky(answer(429, **{"Retry-After": "3600"})), "it")
    assert pauses == []


@pytest.mark.parametrize("error", [answer(404), answer(403), answer(412), ValueError("no"), httpx.ProxyError("no")])
def test_what_does_not_pass_is_not_tried_again(pauses, error):
    flaky = Flaky(error)
    with pytest.raises(type(error)):
        with_retries(flaky, "it")
    assert flaky.calls == 1


@pytest.mark.parametrize(
    "error",
    [
        answer(500),
        answer(429),
        answer(403, "https://storage.example/signed"),
        httpx.ReadError("reset"),
        httpx.ReadTimeout("late"),
        json.JSONDecodeError("no JSON", "<html>", 0),
    ],
)
def test_what_passes_is_known_also_when_it_is_wrapped(error):
    assert is_passing(error)
    wrapped = RuntimeError("upload failed")
    wrapped.__cause__ = error
    assert is_passing(wrapped)
