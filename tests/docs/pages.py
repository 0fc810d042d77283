"""The pages of the project and the code in them."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
_FOLDERS = ("docs", "reproduction", "model_cards", "benchmarks", "examples", "recipes", "hf_mixtrain", ".github")
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*.md"), *(path for folder in _FOLDERS for path in (ROOT / folder).rglob("*.md"))]
)


class Block(NamedTuple):
    """A block of code on a page: the language after its fence (None: indented, without a fence), and its text."""

    language: str | None
    code: str


@cache
def all_blocks(page: str) -> list[Block]:
    """Return every block of code of a page, as CommonMark reads it."""
    text = re.sub(r"\A---\n.*?^---\n", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [
        Block(token.info.strip() if token.type == "fence" else None, token.content)
        for token in MarkdownIt("commonmark").parse(text)
        if token.type in ("fence", "code_block")
    ]


def blocks(page: str, language: str) -> list[str]:
    """Return the code of the blocks of one language on a page."""
    return [block.code for block in all_blocks(page) if block.language == language]


def shell_lines(page: str) -> list[str]:
    """Return the lines of shell of a page; a line that goes on is one line."""
    code = "\n".join(blocks(page, "bash"))
    return [line for line in re.sub(r"\\\n\s*", "", code).splitlines() if line.strip()]
