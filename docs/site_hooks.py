"""Hooks of the documentation site: pages that live elsewhere in the repository, and links to what has no page."""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

# Files outside `docs/` that are pages of the site.
_PAGES = {
    "reproduction/README.md": "reproduction.md",
    "reproduction/decoding.md": "decoding.md",
    "reproduction/rare-shots.md": "rare-shots.md",
    "benchmarks/README.md": "benchmarks.md",
    "model_cards/README.md": "model-cards.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from outside `docs/`, and the pictures that they show."""
    root = Path(config.config_file_path).parent
    for source, page in _PAGES.items():
        text = (root / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=_relinked(text, source, page, root)))
        for picture in re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", text):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(source), picture))
            if not path.startswith("docs/") and (root / path).is_file():
                files.append(File.generated(config, path, abs_src_path=str(root / path)))
    return files


def on_page_markdown(markdown: str, page: Any, config: MkDocsConfig, **_: Any) -> str:
    """Turn links that leave `docs/` into links to the site's pages, or into the name of the file."""
    uri = page.file.src_uri
    if uri in _PAGES.values():
        return markdown
    return _relinked(markdown, f"docs/{uri}", uri, Path(config.config_file_path).parent)


def _relinked(text: str, source: str, page: str, root: Path) -> str:
    def target(match: re.Match[str]) -> str:
        mark, name, link, anchor = match[1], match[2], match[3], match[4] or ""
        if "://" in link or link.startswith("mailto:"):
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), link))
        place = path.removeprefix("docs/") if path.startswith("docs/") else _PAGES.get(path)
        if place and (root / path).is_dir():
            place = None
        if place is None and mark:
            place = path
        if place is None:
            return f"{name} (`{path}` in the repository)" if name.strip("`") != path else f"`{path}`"
        return f"{mark}[{name}]({posixpath.relpath(place, posixpath.dirname(page) or '.')}{anchor})"

    return _LINK.sub(target, text)
