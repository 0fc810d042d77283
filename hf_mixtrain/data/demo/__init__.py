"""A made-up multilingual NER corpus: ``panx/`` holds the data, ``patterns/`` what it is built from; see README.md."""
