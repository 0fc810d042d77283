"""Is surgery worth it on my data? What an update does for held-out text of the target languages."""

from hf_mixtrain.diagnosis.checkpoint import diagnose_checkpoint
from hf_mixtrain.diagnosis.progress import Progress, progress_of_gram

__all__ = ["Progress", "diagnose_checkpoint", "progress_of_gram"]
