"""Predictions for ordinary text, and scores of any model on any files."""

from hf_mixtrain.prediction.model import LoadedModel, load_model
from hf_mixtrain.prediction.predict import predict
from hf_mixtrain.prediction.reading import READING_FILE, Reading, read_reading, write_reading

__all__ = ["READING_FILE", "LoadedModel", "Reading", "load_model", "predict", "read_reading", "write_reading"]
