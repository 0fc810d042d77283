"""Count the words that begin with a bare mark for a space: why label pieces matter in some languages and not in others.

python reproduction/bare_marks.py FOLDER        FOLDER: data in XTREME's layout; prints a line for each language
"""

import sys

from hf_mixtrain.data import load_fewshot
from hf_mixtrain.data.features.label_pieces import bare_pieces
from hf_mixtrain.encoders import resolve_model
from hf_mixtrain.hub import load_tokenizer

_SETS = {
    "panx": ["el", "es", "fa", "he", "id", "ja", "ka", "ko", "ta", "zh"],
    "recipes/tasks/uner.yaml": ["da", "hr", "pt", "sk", "zh"],
    "recipes/tasks/masakhaner.yaml": ["ha", "ig", "rw", "xh", "zu"],
}


def main(folder: str) -> None:
    """Print the shares, of at most 200 test sentences a language."""
    tokenizer = load_tokenizer(resolve_model("embedded:multilingual-e5-small"))
    is_bare = bare_pieces(tokenizer)
    for task, languages in _SETS.items():
        data = load_fewshot(
            task, shots=5, seed=9, languages=languages, source=folder, max_source_examples=1, max_eval_examples=200
        )
        for language, rows in data.test.items():
            words = [word for tokens in rows["tokens"] for word in tokens]
            tags = [tag for tags in rows["tags"] for tag in tags]
            bare = [is_bare(tokenizer(word, add_special_tokens=False)["input_ids"][:1][0]) for word in words]
            marked = [word for word, its in zip(words, bare, strict=True) if its]
            of_entities = [its for its, tag in zip(bare, tags, strict=True) if tag != 0]
            symbols = sum(not any(map(str.isalnum, word)) for word in marked)
            print(
                f"{data.task.name} {language}: {100 * len(marked) / len(words):.1f} % of {len(words)} words, "
                f"{100 * sum(of_entities) / len(of_entities):.1f} % of {len(of_entities)} in entities; "
                f"{100 * symbols / len(marked):.0f} % of the marked words have no letter or digit"
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
