"""What a tokenizer puts around one text or two, learnt from what it does to a short one."""

from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from hf_mixtrain.errors import InputError


@dataclass(frozen=True)
class Frame:
    """Special tokens before the first text, between the two, and at the end, with their segment ids.

    Attributes:
        before: Ids before the first text.
        between: Ids between the texts; empty for one text.
        after: Ids at the end.
        segments: Segment ids (``token_type_ids``) of ``before``, first text, ``between``, second text, ``after``; None
            if the model has no such input.
    """

    before: list[int]
    between: list[int]
    after: list[int]
    segments: tuple[list[int], int, list[int], int, list[int]] | None

    @property
    def size(self) -> int:
        """How many special tokens there are."""
        return len(self.before) + len(self.between) + len(self.after)

    def wrap(self, first: list[int], second: list[int] | None = None) -> dict[str, list[int]]:
        """Return the model inputs for texts that are given as token ids."""
        middle = [] if second is None else [*self.between, *second]
        inputs = {"input_ids": [*self.before, *first, *middle, *self.after]}
        inputs["attention_mask"] = [1] * len(inputs["input_ids"])
        if self.segments is not None:
            before, one, between, two, after = self.segments
            middle = [] if second is None else [*between, *[two] * len(second)]
            inputs["token_type_ids"] = [*before, *[one] * len(first), *middle, *after]
        return inputs


def require_fast(tokenizer: PreTrainedTokenizerBase) -> None:
    """Refuse a tokenizer that cannot say which characters a token stands for.

    Raises:
        InputError: If ``tokenizer`` is not a fast one.
    """
    if not tokenizer.is_fast:
        raise InputError(
            f"Expected a fast tokenizer (with a tokenizer.json), found {type(tokenizer).__name__}. "
            "Load it with `AutoTokenizer.from_pretrained(...)`, or convert it."
        )


def frame_of(tokenizer: PreTrainedTokenizerBase, *, pair: bool) -> Frame:
    """Return the special tokens of ``tokenizer`` for one text, or for a pair.

    Raises:
        InputError: If the tokenizer cannot read the letter that is used to find them.
    """
    probe = tokenizer("a", "a" if pair else None, return_token_type_ids=True)
    ids, types = probe["input_ids"], probe["token_type_ids"]
    places = probe.sequence_ids(0)
    ends = [[at for at, which in enumerate(places) if which == text] for text in ((0, 1) if pair else (0,))]
    if not all(ends):
        raise InputError(
            f"Expected a tokenizer that knows the letter 'a' or has an unknown token, found {type(tokenizer).__name__} "
            "without. Add an `unk_token`."
        )
    first, second = ends[0], ends[-1]
    between = slice(first[-1] + 1, second[0] if pair else first[-1] + 1)
    segments = None
    if "token_type_ids" in tokenizer.model_input_names:
        segments = (
            types[: first[0]], types[first[0]], types[between], types[second[0]], types[second[-1] + 1 :]
        )  # fmt: skip
    return Frame(ids[: first[0]], ids[between], ids[second[-1] + 1 :], segments)


def filler_id(tokenizer: PreTrainedTokenizerBase) -> int:
    """Return the id that stands for a word of which the tokenizer leaves nothing."""
    for token in (tokenizer.unk_token_id, tokenizer.mask_token_id, tokenizer.sep_token_id, tokenizer.eos_token_id):
        if token is not None:
            return token
    raise InputError(
        "Expected a tokenizer with an unknown, mask, separator or end token, found none. Add an `unk_token`."
    )
