"""Few-shot cross-lingual transfer with stochastic gradient surgery, as a drop-in `transformers.Trainer`."""

__version__ = "0.1.0"
