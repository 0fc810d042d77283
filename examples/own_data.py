"""Own data: from sentences in CoNLL files to a trained model and a text with its entities, in three commands.

The sentences are made up here, 40 in English and 8 in each of three other languages, so that the script runs as it
stands. With files of your own in the folder, the commands stay the same. Each is printed before it is run.
"""

import argparse
import random
import shlex
import subprocess
import sys
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--model", default="embedded:multilingual-e5-small", help="a Hub name, a folder, or embedded:NAME")
parser.add_argument("--epochs", type=float, default=10)
parser.add_argument("--folder", default="own-data", help="where data, task, models and the tagged text go")
options, more = parser.parse_known_args()  # any other flag goes to `hf-mixtrain run`

# For each language: people, places, and sentences to put them in. The last two names are for the test file alone.
LANGUAGES = {
    "en": (
        ["Ada King", "Tom Reed", "Mary", "Sam Hill", "Ruth Moss", "Bob"],
        ["Leeds", "New York", "Bath", "York", "Long Eaton", "Hull"],
        ["{PER} lives in {LOC} .", "We met {PER} in {LOC} .", "{LOC} is where {PER} works ."],
    ),
    "de": (
        ["Uwe Kurz", "Ida", "Jan Lenz", "Eva Roth", "Udo Voss", "Ute"],
        ["Bonn", "Bad Ems", "Ulm", "Kiel", "Bad Tölz", "Jena"],
        ["{PER} wohnt in {LOC} .", "Wir trafen {PER} in {LOC} ."],
    ),
    "pl": (
        ["Ewa Lis", "Jan Mazur", "Ola", "Adam Wilk", "Iza Sowa", "Piotr"],
        ["Gdynia", "Nowy Targ", "Łódź", "Lublin", "Nowy Sącz", "Opole"],
        ["{PER} mieszka w mieście {LOC} .", "{LOC} to miasto , w którym pracuje {PER} ."],
    ),
    "sw": (
        ["Juma Otieno", "Asha", "Pili Said", "Musa Ali", "Rehema Bakari", "Neema"],
        ["Moshi", "Dar es Salaam", "Tanga", "Arusha", "Kigoma", "Mto wa Mbu"],
        ["{PER} anaishi {LOC} .", "Tulikutana na {PER} huko {LOC} ."],
    ),
}


def sentence(language: str, split: str, chance: random.Random) -> str:
    """Make up a sentence in CoNLL's form: a word and its tag on each line."""
    people, places, patterns = LANGUAGES[language]
    names = slice(-2, None) if split == "test" else slice(-2)
    entities = {"{PER}": chance.choice(people[names]), "{LOC}": chance.choice(places[names])}
    lines = []
    for word in chance.choice(patterns).split():
        if word in entities:
            first, *others = entities[word].split()
            lines += [f"{first} B-{word[1:-1]}", *(f"{other} I-{word[1:-1]}" for other in others)]
        else:
            lines.append(f"{word} O")
    return "\n".join(lines)


def hf_mixtrain(*words: str) -> None:
    """Show a command as one would type it, and run it."""
    print(f"\n$ hf-mixtrain {shlex.join(words)}", flush=True)
    subprocess.run([sys.executable, "-m", "hf_mixtrain", *words], check=True)


folder = Path(options.folder)
data = folder / "data"
data.mkdir(parents=True)
for language in LANGUAGES:
    for split, count in {"train": 40 if language == "en" else 8, "test": 12}.items():
        chance = random.Random(f"{language} {split}")
        sentences = [sentence(language, split, chance) for _ in range(count)]
        data.joinpath(f"{split}-{language}.conll").write_text("\n\n".join(sentences) + "\n", encoding="utf-8")
texts = folder / "texts.txt"
texts.write_text("Ute wohnt in Bad Tölz.\nRehema Bakari anaishi Kigoma.\n", encoding="utf-8")

hf_mixtrain("init", str(data), "--output", str(folder))
out = folder / "out"
# These could as well be lines of the recipe.
flags = ["--model_name_or_path", options.model, "--num_train_epochs", str(options.epochs), "--learning_rate", "2e-4"]
hf_mixtrain("run", str(folder / "recipe.yaml"), *flags, *more)
(model,) = out.rglob("model.safetensors")
hf_mixtrain("predict", str(model.parent), str(texts), "--format", "conll", "--output", str(folder / "tagged.conll"))
print((folder / "tagged.conll").read_text(encoding="utf-8"))
