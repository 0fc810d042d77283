"""The notebook runs from top to bottom, and the outputs that it shows are kept in it."""

import nbclient
import nbformat
import pytest

from tests.examples.test_examples import EXAMPLES

NOTEBOOK = EXAMPLES / "quickstart.ipynb"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_notebook_runs_from_top_to_bottom(tmp_path):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=1200, resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed = "".join(
        output.get("text", "") for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs
    )
    assert "F1" in printed
    assert "updates" in printed


def test_the_notebook_holds_the_outputs_of_its_code():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(cell.outputs for cell in notebook.cells if cell.cell_type == "code" and "print(" in cell.source)
