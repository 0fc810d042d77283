"""Cosines between the gradients of languages, before and after surgery, as numbers and as a heat map."""

from hf_mixtrain.similarity.callback import SimilarityCallback
from hf_mixtrain.similarity.checkpoint import checkpoint_similarity
from hf_mixtrain.similarity.gradients import gradient_similarity, language_batches
from hf_mixtrain.similarity.heatmap import heat_map, write_similarity
from hf_mixtrain.similarity.matrix import Similarity, similarity_of_gram

__all__ = [
    "Similarity",
    "SimilarityCallback",
    "checkpoint_similarity",
    "gradient_similarity",
    "heat_map",
    "language_batches",
    "similarity_of_gram",
    "write_similarity",
]
