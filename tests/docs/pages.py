"""The pages of the documentation and the code in them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "reproduction").glob("*.md")]
)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INCLUDE = re.compile(r'^--8<-- "(.+)"$', re.MULTILINE)


def blocks(page: str, language: str) -> list[str]:
    """Return the fenced blocks of one language on a page, files that it includes put in their place."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = [code for name, code in _BLOCK.findall(text) if name == language]
    return [_INCLUDE.sub(lambda match: (ROOT / match[1]).read_text(encoding="utf-8"), code) for code in found]
