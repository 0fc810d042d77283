"""Text from files is text: what it must look like in Markdown, in HTML, in a CSV cell and on a terminal.

Names of tasks, languages, labels, models and metrics come from files that others wrote. Each function here returns one
line that is shown as the text is, and can neither end a table row nor start a tag, a formula or an escape sequence.
"""

import html as _html
import re

# Line breaks and tabs of all kinds, which are white space to a reader.
_SPACE = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
# Control characters, half surrogates (which no file can hold), and what turns the direction of the text after it.
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_MARKDOWN = re.compile(r"[\\`*\[\]|~$]|(?<!\w)_|_(?!\w)|^(?:[#+=-]|\d+[.)])")
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")  # spreadsheets take the wide forms too
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?%?")


def one_line(text: object) -> str:
    r"""Return text in one line, with a sign in place of each character that controls something or is in no file.

    Example:
        >>> print(one_line("a\nb\x1b[31m"))
        a b�[31m
    """
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", _SPACE.sub(" ", str(text)))


def markdown(text: object) -> str:
    r"""Return text for a sentence or a table cell in Markdown, as GitHub and the Hub read it.

    Args:
        text: Anything; its `str` is taken.

    Returns:
        One line. Tags, and links with another text, are shown as they were written.

    Example:
        >>> print(markdown("<b>a|b</b>\n*c* and mix_ft"))
        &lt;b&gt;a\|b&lt;/b&gt; \*c\* and mix_ft
    """
    line = _html.escape(one_line(text), quote=False)
    return _MARKDOWN.sub(lambda match: f"{match[0][:-1]}\\{match[0][-1]}", line)


def markdown_cell(text: object) -> str:
    r"""Return text for a whole table cell in Markdown, where the sign of a number is nothing special.

    Example:
        >>> print(markdown_cell("-0.25"), markdown_cell("a|b"), markdown("-0.25"))
        -0.25 a\|b \-0.25
    """
    return markdown(f".{text}")[1:]  # as if it did not begin a line


def markdown_code(text: object) -> str:
    """Return text between backticks, as many as it takes; in a table, replace ``|`` afterwards.

    Example:
        >>> markdown_code("a"), markdown_code("a`b")
        ('`a`', '``a`b``')
    """
    line = one_line(text)
    fence = "`" * (max(map(len, re.findall("`+", line)), default=0) + 1)
    pad = " " if not line.strip() or line[0] in "` " or line[-1] in "` " else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def markdown_block(text: str, language: str = "") -> str:
    r"""Return a block of code, between fences that are longer than any in it; its lines stay as they are.

    Example:
        >>> markdown_block("a: 1", "yaml")
        '```yaml\na: 1\n```'
    """
    fence = "`" * max(3, max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def html(text: object) -> str:
    """Return text for the content of an element or for an attribute between quotes.

    Example:
        >>> html('<a href="x">')
        '&lt;a href=&quot;x&quot;&gt;'
    """
    return _html.escape(one_line(text))


def csv_cell(text: object) -> str:
    """Return text for a cell that spreadsheets do not take for a formula; the CSV writer still has to quote it.

    Example:
        >>> csv_cell("=HYPERLINK(1)"), csv_cell("-0.25"), csv_cell("de")
        ("'=HYPERLINK(1)", '-0.25', 'de')
    """
    line = one_line(text)
    return f"'{line}" if _FORMULA.match(line) and not _NUMBER.fullmatch(line) else line


def terminal(text: object) -> str:
    r"""Return text for one line on a screen, with control characters as Python writes them.

    Example:
        >>> print(terminal("\x1b[31mred\nline"))
        \x1b[31mred line
    """
    line = _SPACE.sub(" ", str(text))
    return _UNSEEN.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), line)
