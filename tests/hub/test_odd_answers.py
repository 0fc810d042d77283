"""Any bytes in place of an answer of the Hub: the download is right, or ends in one line, and the next one is right."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .loopback import Fault
from .test_faults import fetch, same

TEXT = st.sampled_from(["", "x", "config.json", "../x", "file", "directory", "\ud800", "0" * 40, "0" * 64])
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-1, 10**20), TEXT),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["type", "path", "size", "oid", "lfs", "sha", "siblings", "id"]), inner),
    ),
    max_leaves=10,
)
BODIES = st.one_of(VALUES.map(lambda value: json.dumps(value).encode()), st.binary(max_size=30))
# Many more by the variable that tests/fuzz has.
EXAMPLES = int(os.environ.get("HF_MIXTRAIN_FUZZ_EXAMPLES", "8"))


@pytest.mark.parametrize("client", ["lfs"], indirect=True)
@pytest.mark.parametrize("path", ["/api/models/me/[^/]*$", "/tree/", "/revision/", "/resolve-cache/.*config.json"])
def test_any_answer_is_one_line_or_is_got_over(client, folder, repo_id, path):
    client.push(folder, repo_id)
    number = 0

    @settings(
        max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(BODIES)
    def download(body):
        nonlocal number
        number += 1
        client.hub.forget()
        client.hub.fail("GET", path, *[Fault(200, {"Content-Type": "application/json"}, body)] * 20)
        output = client.run(
            f"""
            from hf_mixtrain.errors import InputError
            from hf_mixtrain.hub import download
            try:
                print(download({repo_id!r}))
            except InputError as error:
                assert len(str(error).splitlines()) == 1, str(error)
                print("one line")
            """,
            home=f"home-{number}",
        ).splitlines()[-1]
        assert output == "one line" or same(Path(output), folder)
        client.hub.forget()
        assert same(Path(fetch(client, repo_id, home=f"home-{number}")), folder)

    download()
