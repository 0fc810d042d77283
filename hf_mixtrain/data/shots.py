"""Which rows are the shots: an order of the rows that nothing but seed, task and language decides."""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from itertools import chain
from typing import Any

from hf_mixtrain.data.task import ShotsPer
from hf_mixtrain.errors import InputError

#: What a row counts for: None if it cannot be a shot, its class, or the entity types of its mentions.
Key = Hashable | Collection[Hashable] | None


def rank_rows(rows: int, *parts: object) -> list[int]:
    """Return the row numbers 0 to ``rows`` - 1 in an order that looks random and depends on ``parts`` alone.

    The order is by a hash of each row's number, so it is the same on every machine and with every version of every
    library, and leaving out some rows does not change the order of the others.

    Args:
        rows: How many rows there are.
        parts: What the order depends on, such as seed, task and language.

    Example:
        >>> rank_rows(5, 1, "panx", "de")
        [2, 4, 3, 1, 0]
    """
    start = hashlib.blake2b("\t".join(map(str, parts)).encode(), digest_size=8)

    def place(row: int) -> tuple[bytes, int]:
        digest = start.copy()
        digest.update(f"\t{row}".encode())
        return digest.digest(), row

    return sorted(range(rows), key=place)


def sample_shots(
    keys: Sequence[Key], k: int, *, seed: int, task: str, language: str, per: ShotsPer = "example"
) -> list[int]:
    """Pick the rows that serve as K shots; those for a smaller ``k`` are always among them.

    Where there are fewer, all there are; `shortage` says of what.

    Source: Xu and Murray (2022) draw K sentences for tagging, K pairs of each class for XNLI, and K for TyDiQA.
    Differs from the authors' code: rows are whole examples, not pieces cut for one tokenizer, and those of one
    language do not depend on how many rows another has. ``per="entity"`` is the sampling of Zhao et al. (2021).

    Args:
        keys: One for each row: its class for ``per="class"``, the entity types of its mentions (one entry for each
            mention) for ``per="entity"``, anything else for ``per="example"``. None for a row that cannot be a shot.
        k: How many, 0 or more.
        seed: The run's seed.
        task: The task's name.
        language: The language's code.
        per: What ``k`` counts.

    Returns:
        Row numbers in the order in which they were picked.

    Raises:
        InputError: If ``k`` is negative.

    Example:
        >>> sample_shots(["a", "b", "a", "b", "a"], 1, seed=1, task="panx", language="de", per="class")
        [2, 3]
    """
    if k < 0:
        raise InputError(f"`shots` must be 0 or more. Got {k}. Use 0 for zero-shot.")
    order = rank_rows(len(keys), seed, task, language)
    return first_shots(order, keys, k, per=per)


def first_shots(order: Iterable[int], keys: Sequence[Key], k: int, *, per: ShotsPer = "example") -> list[int]:
    """Pick the first ``k`` rows per ``per`` in a given order; see `sample_shots`.

    Example:
        >>> first_shots([2, 0, 1], ["a", "b", None], 1)
        [0]
    """
    order = [row for row in order if keys[row] is not None]
    if per == "entity":
        return _first_per_entity(order, keys, k)
    of: Callable[[int], Hashable] = (lambda row: keys[row]) if per == "class" else (lambda row: "examples")  # type: ignore[assignment, return-value]
    taken: Counter[Hashable] = Counter()
    picked = []
    for row in order:
        if taken[of(row)] < k:
            taken[of(row)] += 1
            picked.append(row)
    return picked


def shortage(
    keys: Sequence[Key], k: int, *, per: ShotsPer = "example", kinds: Iterable[Hashable] = ()
) -> dict[Hashable, int]:
    """Return what there are fewer than ``k`` rows (or mentions) of, with their number.

    Args:
        keys: As of `sample_shots`.
        k: K.
        per: What ``k`` counts.
        kinds: The classes or the entity types that there should be, if they are known.

    Example:
        >>> shortage(["pos", "neg", "pos"], 2, per="class", kinds=["pos", "neg", "neu"])
        {'neg': 1, 'neu': 0}
    """
    there: list[Any] = [key for key in keys if key is not None]
    if per == "example":
        return {"examples": len(there)} if len(there) < k else {}
    found = Counter(chain.from_iterable(there) if per == "entity" else there)
    return {kind: found[kind] for kind in dict.fromkeys([*kinds, *found]) if found[kind] < k}


def _first_per_entity(order: list[int], keys: Sequence[Key], k: int) -> list[int]:
    """For 1, 2 … ``k``: add rows until each type has so many mentions, then take out those added that were not needed.

    Zhao et al. start anew for each K; going up step by step is what keeps the rows for a smaller K among those for a
    larger one, at the price of a row or two more.
    """
    mentions: dict[int, Counter[Hashable]] = {row: Counter(keys[row]) for row in order}  # type: ignore[arg-type]
    taken: Counter[Hashable] = Counter()
    picked: list[int] = []
    for level in range(1, k + 1):
        added = []
        for row in order:
            if row not in picked and any(taken[kind] < level for kind in mentions[row]):
                taken += mentions[row]
                added.append(row)
        for row in list(added):
            if all(taken[kind] - count >= level for kind, count in mentions[row].items()):
                taken -= mentions[row]
                added.remove(row)
        picked += added
    return picked
