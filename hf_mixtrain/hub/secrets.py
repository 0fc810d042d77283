"""Access tokens in what is about to be sent: of the Hub, of GitHub, of Amazon, and those in use here."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from huggingface_hub import constants, get_token

from hf_mixtrain.errors import InputError

# No word boundary in front: in JSON, a token after a line break is `\\nhf_...`.
_SECRET = re.compile(
    rb"hf_[A-Za-z0-9]{30,}|hf_(?:oauth|jwt)_[A-Za-z0-9_.=-]{20,}|api_org_[A-Za-z0-9]{30,}|gh[pousr]_[A-Za-z0-9]{36,}"
    rb"|github_pat_[A-Za-z0-9_]{22,}|(?:AKIA|ASIA)(?=[A-Z]{0,15}[2-7])[A-Z2-7]{16}"
    rb"|(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])"
)
# JSON and YAML may write any letter by its number.
_ESCAPE = re.compile(rb"\\(?:u00|x|U000000)([0-7][0-9A-Fa-f])")
_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_TOKEN", "GITHUB_TOKEN", "GH_TOKEN",
              "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "WANDB_API_KEY")  # fmt: skip
_SHORTEST = 8  # a shorter one would be found in any text
_CHUNK = 2**24


def find_secret(content: Path | bytes, own: Iterable[str | None] = ()) -> str | None:
    r"""Look for access tokens in a file or in bytes, also in weights: a token may stand in their metadata.

    Args:
        content: The file, or what would be one.
        own: Tokens in use that no pattern and no other place of this machine tells.

    Returns:
        ``file:line`` of the first one (``file`` for weights, ``:line`` for bytes), or None. Never the token.

    Example:
        >>> find_secret(b"all well\nhf_" + b"a" * 34)
        ':2'
    """
    tokens = [token.encode() for token in {*_tokens_in_use(), *own} if token and len(token) >= _SHORTEST]
    line = 1
    for chunk in _overlapping(content):
        plain = _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), chunk)
        for text in (chunk, plain) if plain != chunk else (chunk,):
            found = _SECRET.search(text)
            starts = [found.start() if found else -1, *(text.find(token) for token in tokens)]
            at = min((start for start in starts if start >= 0), default=None)
            if at is not None:
                name = content if isinstance(content, Path) else ""
                is_weights = isinstance(content, Path) and content.suffix == ".safetensors"
                return f"{name}" if is_weights else f"{name}:{line + text.count(10, 0, at)}"
        line += chunk.count(10)
    return None


def refuse_secrets(
    files: Mapping[str, Path | bytes], texts: Mapping[str, str | None], own: Iterable[str | None] = ()
) -> None:
    """Check all that a push sends before any of it is sent.

    Args:
        files: ``{path in the repository: file or its content}``.
        texts: What else is sent, by the name that a message gives it: title, branch, tag.
        own: As `find_secret`.

    Raises:
        InputError: If there is what looks like a token, with its place.

    Example:
        >>> refuse_secrets({}, {"title of the commit": "with hf_" + "a" * 34})
        Traceback (most recent call last):
        hf_mixtrain.errors.InputError: title of the commit: this looks like an access token, ...
    """
    own = [*own]
    for name, text in texts.items():
        if text and find_secret(text.encode("utf-8", "replace"), own):
            raise InputError(f"{name}: this looks like an access token, and it would be public. Take it out.")
    for path, content in files.items():
        if place := find_secret(content, own):
            where = place if isinstance(content, Path) else f"{path}{place}"
            raise InputError(f"{where}: this looks like an access token, and the file would be public. Take it out.")


def _tokens_in_use() -> Iterator[str | None]:
    yield get_token()
    yield from (os.environ.get(name) for name in _VARIABLES)
    for path in (constants.HF_TOKEN_PATH, getattr(constants, "HF_STORED_TOKENS_PATH", None)):
        try:
            text = Path(path).read_text(encoding="utf-8") if path else ""
        except (OSError, ValueError):
            continue
        yield from re.findall(r"[^\s=\[\]]{20,}", text)


def _overlapping(content: Path | bytes) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    # A token that lies across two chunks would be seen in neither.
    overlap = b""
    with content.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield overlap + chunk
            overlap = chunk[-512:].replace(b"\n", b" ")
