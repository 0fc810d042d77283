"""A small Hub on loopback that speaks the protocol of huggingface_hub 2.4 to the unchanged client.

Models only: accounts and tokens, private repositories, branches, tags, pull requests, commits, LFS and Xet storage,
downloads. Faults can be ordered for any request. It keeps everything in memory and checks what a Hub would check.
"""

from . import files, repos
from .faults import CUT, FLIP, LOST, RESET, STALL, Fault
from .hub import LoopbackHub

# Importing the two modules registers their routes.
__all__ = ["CUT", "FLIP", "LOST", "RESET", "STALL", "Fault", "LoopbackHub", "files", "repos"]
