"""Models to the Hub and back."""

from hf_mixtrain.hub.explain import HubError
from hf_mixtrain.hub.push import Release, push_release, verify_release

__all__ = ["HubError", "Release", "push_release", "verify_release"]
