"""Predictions for ordinary text, and scores of any model on any files."""
