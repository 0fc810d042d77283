"""Benchmarks: ratios of steps, memory, evaluation and data pipeline within one run. See README.md."""
