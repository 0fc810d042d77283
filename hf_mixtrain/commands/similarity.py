"""``similarity``: the heat map of the cosines between the gradients of languages, of a checkpoint."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hf_mixtrain.commands.recipe import RecipeParser
from hf_mixtrain.data import list_tasks
from hf_mixtrain.errors import InputError

__all__ = ["SimilarityArguments", "main"]

_USAGE = """\
usage: hf-mixtrain similarity CHECKPOINT --task TASK [flags]

CHECKPOINT: folder or Hub name of a model for the task, or an encoder, such as embedded:multilingual-e5-small.

"""

_EXAMPLES = """\
Examples:
  hf-mixtrain similarity out/panx/gradient-mix-train/k5/seed1 --task panx --data_source DATA --shots 5 --seed 1
  hf-mixtrain similarity xlm-roberta-large --task panx --languages de sw zh --sketch_size 4096 --output out/before
"""


@dataclass
class SimilarityArguments:
    """What to compare the gradients on."""

    task: str | None = field(default=None, metadata={"help": "panx, udpos, tydiqa, xnli, or a YAML file of your own."})
    data_source: str = field(
        default="hub", metadata={"help": "hub, demo (ships with the package), or a folder in XTREME's layout."}
    )
    shots: int = field(default=5, metadata={"help": "Labelled examples of each language."})
    seed: int = field(default=1, metadata={"help": "Decides the shots, as in a training."})
    languages: list[str] | None = field(default=None, metadata={"help": "Target languages; left out: all of the task."})
    source_language: str = field(default="en", metadata={"help": "The language with the full training set."})
    max_length: int | None = field(
        default=None, metadata={"help": "Longest input in word pieces; default: the task's."}
    )
    batch_size: int = field(default=8, metadata={"help": "Most rows of a batch."})
    sketch_size: int | None = field(
        default=None,
        metadata={"help": "Compare sketches of so many numbers: less memory and one pass a language."},
    )
    device: str | None = field(default=None, metadata={"help": "Default: the accelerator if there is one, else cpu."})
    output: str = field(default="similarity", metadata={"help": "Path of the files, without .json and .png."})


def main(argv: Sequence[str]) -> int:
    """Compare the gradients of all languages, and write numbers and heat map.

    Args:
        argv: The command line, without the program's and the command's name.

    Returns:
        0.

    Raises:
        InputError: If the input cannot be used.
    """
    parser = RecipeParser([SimilarityArguments], usage=_USAGE.splitlines()[0].removeprefix("usage: "))
    if not argv or {"-h", "--help"} & set(argv):
        print(f"{_USAGE}{parser.format_help().split(chr(10), 2)[2]}\n{_EXAMPLES}")
        return 0
    checkpoint, *flags = argv
    if checkpoint.startswith("-"):
        raise InputError(f"expected the CHECKPOINT to compare first, found {checkpoint}. See --help.")
    values = parser.parse(flags)
    if values["task"] is None:
        raise InputError(f"--task is missing. Expected one of {', '.join(list_tasks())}, or the YAML file of a task.")
    from hf_mixtrain.similarity import checkpoint_similarity

    files = checkpoint_similarity(checkpoint, **values)
    for path in files:
        print(f"{path} written")
    if len(files) == 1:
        print('No heat map: it needs matplotlib: pip install "hf_mixtrain[plot]"')
    return 0
