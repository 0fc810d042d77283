"""The documentation site builds without a warning and without a network, and has every public name."""

import importlib
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import hf_mixtrain
from tests.docs.pages import PAGES, ROOT

# Told on pages of its own: the command line has no Python interface.
_NO_API = {"hf_mixtrain.commands"}


def public_names():
    """Every name in the ``__all__`` of the package and of its packages, with what it names."""
    packages = [
        name for _, name, is_package in pkgutil.iter_modules(hf_mixtrain.__path__, "hf_mixtrain.") if is_package
    ]
    for name in ["hf_mixtrain", *sorted(set(packages) - _NO_API)]:
        for public in getattr(importlib.import_module(name), "__all__", ()):
            if not public.startswith("__"):
                yield f"{name}.{public}", getattr(importlib.import_module(name), public)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("mkdocs", reason='needs the extra "docs"')
    folder = tmp_path_factory.mktemp("site")
    environment = {
        **os.environ,
        "NO_MKDOCS_2_WARNING": "1",
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
    }
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def test_every_public_name_is_on_a_page_of_the_reference(site):
    html = "".join(page.read_text(encoding="utf-8") for page in (site / "reference").rglob("index.html"))
    anchors = set(re.findall(r'id="([\w.]+)"', html))
    missing = [
        name
        for name, value in public_names()
        if not {name, f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"} & anchors
        and not any(anchor.endswith(f".{value.__name__}") for anchor in anchors if hasattr(value, "__name__"))
    ]
    assert missing == []


def test_pages_fetch_nothing_from_another_host(site):
    for page in site.rglob("*.html"):
        fetched = re.findall(
            r'<(?:script|link|img)[^>]+(?:src|href)="(https?://[^"]+)"', page.read_text(encoding="utf-8")
        )
        assert [url for url in fetched if "canonical" not in url] == [], page


@pytest.mark.parametrize("page", PAGES)
def test_links_to_files_lead_to_files(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)\s#]+)", text) if "://" not in link]
    assert [link for link in links if not Path(ROOT, page).parent.joinpath(link).exists()] == []
