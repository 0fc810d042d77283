"""What cards say of tasks and metrics beyond the numbers."""

# By kind of task, then by the metric's key in `scores`.
METRIC_TITLES = {
    "token-classification": {
        "f1": "F1 (seqeval)",
        "precision": "precision (seqeval)",
        "recall": "recall (seqeval)",
        "accuracy": "token accuracy",
    },
    "question-answering": {
        "f1": "F1 (SQuAD)",
        "exact_match": "exact match (SQuAD)",
        "f1_segmented": "F1, words segmented by script",
    },
    "text-classification": {"accuracy": "accuracy"},
}

TASK_NOTES = {
    "panx": (
        "PAN-X (WikiANN) is silver data, labelled from Wikipedia links: a score measures agreement with these labels. "
        "Its text is Wikipedia's (CC BY-SA 3.0); no licence is stated for the labels.",
        "Sentences are short and taken from Wikipedia; other kinds of text were not tested.",
    ),
    "udpos": (
        "Treebanks of different languages differ in domain and in how they apply the universal tags, so scores of two "
        "languages cannot be compared with each other.",
        "The F1 is seqeval's on bare tags, as the XTREME benchmark computes it: runs of one tag count as one. It is "
        "lower than the token accuracy, and the two must not be mixed in one table.",
        "Every treebank has its own licence; several forbid commercial use.",
    ),
    "tydiqa": (
        "The test set is the official development set of TyDiQA-GoldP v1.1; its own test labels are not public.",
        "Every question has an answer in its passage: the model was never trained to say that there is none.",
    ),
    "xnli": (
        "The shots come from the development sets of the target languages, which are translations of one another and "
        "of the English one.",
        "Texts other than English are human translations, so the test measures translated language.",
    ),
}
