"""Fixtures of the evaluation tests."""

import pytest

from .toys import ANSWERS, PAIRS, TAGGING, letter_tokenizer


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_MIXTRAIN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def tokenizer():
    return letter_tokenizer()


@pytest.fixture(scope="session")
def tagging():
    return TAGGING


@pytest.fixture(scope="session")
def pairs():
    return PAIRS


@pytest.fixture(scope="session")
def answers():
    return ANSWERS
