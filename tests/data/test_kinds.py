"""Every kind of task is whole: its raw columns, its shots and its model all follow from the one table."""

import pytest
import transformers

from hf_mixtrain.data.kinds import KINDS
from hf_mixtrain.data.rows import row_features
from hf_mixtrain.data.task import Task


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_raw_rows_have_the_columns_of_the_table(kind):
    task = Task("mine", "mine", kind.name, ("en",), "f1", labels=("O", "A") if kind.has_labels else ())
    assert set(row_features(task)) == {"id", "language", *kind.columns}


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_transformers_has_the_class_that_loads_the_model(kind):
    assert hasattr(getattr(transformers, kind.auto_model), "from_pretrained")
