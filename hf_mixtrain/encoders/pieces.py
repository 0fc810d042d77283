"""Which pieces of a tokenizer some texts need."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer
from tokenizers.pre_tokenizers import ByteLevel
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from hf_mixtrain.data.features.label_pieces import without_mark
from hf_mixtrain.errors import InputError

#: A text, or one split into words already.
Text = str | Sequence[str]
_KINDS = ("Unigram", "BPE", "WordPiece", "WordLevel")
_BATCH = 1000


def tokenizer_spec(tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    """Return what ``tokenizer.json`` would say.

    Raises:
        InputError: If the tokenizer is not a fast one, or of a kind whose pieces cannot be left out exactly.
    """
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise InputError(f"Trimming needs a fast tokenizer (with a tokenizer.json). Got {type(tokenizer).__name__}.")
    spec: dict[str, Any] = json.loads(tokenizer.backend_tokenizer.to_str())
    kind = spec["model"]["type"]
    if kind not in _KINDS:
        raise InputError(f"Trimming needs a tokenizer of kind {', '.join(_KINDS)}. Got {kind}. Do not trim this one.")
    for option in ("dropout", "continuing_subword_prefix", "end_of_word_suffix"):
        if kind == "BPE" and spec["model"].get(option):
            raise InputError(f"Trimming is not exact for a BPE tokenizer with {option}. Do not trim this one.")
    return spec


def encode_texts(tokenizer: PreTrainedTokenizerBase, texts: Sequence[Text]) -> list[npt.NDArray[np.int32]]:
    """Return the ids of every text, with special tokens, neither cut nor padded."""
    encoded: dict[int, npt.NDArray[np.int32]] = {}
    for split in (False, True):
        rows = [row for row, text in enumerate(texts) if isinstance(text, str) is not split]
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            # verbose: texts longer than the model are fine here, they are cut where features are made.
            output = tokenizer([texts[row] for row in batch], is_split_into_words=split, verbose=False)
            encoded |= {row: np.array(ids, np.int32) for row, ids in zip(batch, output["input_ids"], strict=True)}
    return [encoded[row] for row in range(len(texts))]


def needed_ids(
    tokenizer: PreTrainedTokenizerFast,
    spec: dict[str, Any],
    texts: Sequence[Text],
    encoded: Sequence[npt.NDArray[np.int32]],
) -> set[int]:
    """Return the ids without which ``texts`` would be cut in another way; with more than these they are not either."""
    model = spec["model"]
    ids = set(np.unique(np.concatenate([np.empty(0, np.int32), *encoded])).tolist())
    ids |= {token["id"] for token in spec["added_tokens"]}
    ids |= {tokenizer.convert_tokens_to_ids(token) for token in tokenizer.all_special_tokens}
    unknown = model["vocab"].get(model["unk_token"]) if "unk_token" in model else model["unk_id"]
    if unknown is not None:
        ids.add(unknown)
    ids |= _unmarked(model, ids)
    if model["type"] == "Unigram":
        ids |= _unigram_needs(model)
    if model["type"] == "BPE":
        ids |= _bpe_needs(model, ids)
    if model["type"] == "WordPiece":
        cut_short = [text for text, row in zip(texts, encoded, strict=True) if unknown in row]
        ids |= _wordpiece_needs(model, _words(tokenizer.backend_tokenizer, cut_short))
    return ids | _byte_pieces(spec)


def _unmarked(model: dict[str, Any], used: set[int]) -> set[int]:
    # Words of scripts without spaces may be read without the mark for a space (`--label_piece content`).
    vocabulary = model["vocab"]
    pieces = vocabulary if isinstance(vocabulary, dict) else {piece: row for row, (piece, _) in enumerate(vocabulary)}
    rests = {without_mark(piece) for piece, row in pieces.items() if row in used}
    return {pieces[rest] for rest in rests if rest is not None and rest in pieces}


def _unigram_needs(model: dict[str, Any]) -> set[int]:
    # Viterbi's best path stays the best one. Leaving out pieces takes away paths, and adds only those that go through a
    # character whose own piece is now missing, at the score of the unknown: the lowest score of all pieces minus 10.
    # While the piece with the lowest score is kept, that is below the score of the missing piece, so such a path is
    # worse than one that was there before and lost. Of equal paths the first one found wins, and none is found earlier.
    scores = [score for _, score in model["vocab"]]
    return {scores.index(min(scores))}


def _bpe_needs(model: dict[str, Any], used: set[int]) -> set[int]:
    # BPE applies, again and again, the first merge of its list that fits. Among fewer merges, in the same order, the
    # one that was the first still is, if it is there. So it is enough to keep every merge that was applied, and these
    # are the ones that build the used pieces: no merge crosses the border of a final piece, so inside of it they were
    # applied as if it stood alone.
    ranks = {(left, right): rank for rank, (left, right) in enumerate(model["merges"])}
    parts = {part for piece, row in model["vocab"].items() if row in used for part in _parts(piece, ranks)}
    return {model["vocab"][part] for part in parts if part in model["vocab"]}


def _parts(piece: str, ranks: dict[tuple[str, str], int]) -> set[str]:
    """Return the characters of a piece and all that BPE makes of them on the way to the whole."""
    symbols = list(piece)
    parts = set(symbols)
    while len(symbols) > 1:
        rank, at = min((ranks.get(pair, len(ranks)), at) for at, pair in enumerate(pairwise(symbols)))
        if rank == len(ranks):
            break
        symbols[at : at + 2] = [symbols[at] + symbols[at + 1]]
        parts.add(symbols[at])
    return parts


def _wordpiece_needs(model: dict[str, Any], words: Iterable[str]) -> set[int]:
    # WordPiece takes the longest piece that fits, from left to right. A used piece was the longest of all, so it is the
    # longest of the kept ones. A word that cannot be finished becomes one unknown, and the pieces taken before that
    # appear nowhere; without them shorter ones might be taken and the word be finished after all, so they stay.
    vocabulary, prefix = model["vocab"], model["continuing_subword_prefix"]
    taken = set()
    for word in words:
        start = 0
        while start < len(word):
            head = prefix if start else ""
            ends = (end for end in range(len(word), start, -1) if head + word[start:end] in vocabulary)
            end = next(ends, None)
            if end is None:
                break
            taken.add(vocabulary[head + word[start:end]])
            start = end
    return taken


def _words(backend: Tokenizer, texts: Iterable[Text]) -> Iterator[str]:
    """Yield what reaches the tokenizer's model: the texts after normalizer and pre-tokenizer."""
    for text in texts:
        for part in [text] if isinstance(text, str) else text:
            normal = backend.normalizer.normalize_str(part) if backend.normalizer else part
            split = backend.pre_tokenizer.pre_tokenize_str(normal) if backend.pre_tokenizer else [(normal, None)]
            yield from (word for word, _ in split)


def _byte_pieces(spec: dict[str, Any]) -> set[int]:
    """Return the pieces for single bytes: without them, a text that was not given would lose characters in silence."""
    pieces: set[str] = set()
    if spec["model"].get("byte_fallback"):
        pieces |= {f"<0x{byte:02X}>" for byte in range(256)}
    if any('"ByteLevel"' in json.dumps(spec[part]) for part in ("normalizer", "pre_tokenizer")):
        pieces |= set(ByteLevel.alphabet())
    if spec["model"]["type"] == "Unigram":
        return {row for row, (piece, _) in enumerate(spec["model"]["vocab"]) if piece in pieces}
    return {row for piece, row in spec["model"]["vocab"].items() if piece in pieces}
