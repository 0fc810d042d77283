"""Damaged files for every reader; ``HF_MIXTRAIN_FUZZ_EXAMPLES=2000 pytest tests/fuzz`` tries more of them."""

import os

from hypothesis import HealthCheck, settings

# As many for each test, always the same ones; ten seconds is what counts as a hang.
settings.register_profile(
    "fuzz",
    max_examples=int(os.environ.get("HF_MIXTRAIN_FUZZ_EXAMPLES", "30")),
    derandomize="HF_MIXTRAIN_FUZZ_EXAMPLES" not in os.environ,
    deadline=10_000,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
