"""The pages of the documentation and the code in them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "reproduction").glob("*.md")]
)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: str, language: str) -> list[str]:
    """Return the fenced blocks of one language on a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [code for name, code in _BLOCK.findall(text) if name == language]


def shell_lines(page: str) -> list[str]:
    """Return the lines of the bash blocks and of the indented blocks of a page; a line that goes on is one line."""
    text = (ROOT / page).read_text(encoding="utf-8")
    indented = "\n".join(re.findall(r"^ {4}(\S.*|  .*)$", _BLOCK.sub("", text), re.MULTILINE))
    code = "\n".join([*blocks(page, "bash"), *blocks(page, "console"), indented])
    lines = re.sub(r"\\\n\s*", "", code).splitlines()
    return [line for line in lines if re.search(r"hf-mixtrain |run_xtreme_fewshot\.py", line)]
