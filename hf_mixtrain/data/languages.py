"""The languages of the four tasks and of their published extensions: name, family and script."""

import difflib
from collections.abc import Sequence
from typing import NamedTuple


class Language(NamedTuple):
    """One language, under the code that its data sets use.

    Attributes:
        code: Two or three letters, as in the file names of the data sets (ISO 639).
        name: English name.
        family: Language family, for Indo-European and Austronesian the branch.
        script: Script of the texts in these data sets.

    Example:
        >>> from hf_mixtrain.data import LANGUAGES
        >>> LANGUAGES["sw"]
        Language(code='sw', name='Swahili', family='Niger-Congo', script='Latin')
    """

    code: str
    name: str
    family: str
    script: str


_TABLE = """
af  | Afrikaans       | Germanic         | Latin
ar  | Arabic          | Semitic          | Arabic
az  | Azerbaijani     | Turkic           | Latin
bg  | Bulgarian       | Slavic           | Cyrillic
bn  | Bengali         | Indo-Aryan       | Bengali
bzd | Bribri          | Chibchan         | Latin
cni | Asháninka       | Arawakan         | Latin
da  | Danish          | Germanic         | Latin
de  | German          | Germanic         | Latin
el  | Greek           | Hellenic         | Greek
en  | English         | Germanic         | Latin
es  | Spanish         | Romance          | Latin
et  | Estonian        | Uralic           | Latin
eu  | Basque          | Isolate          | Latin
fa  | Persian         | Iranian          | Arabic
fi  | Finnish         | Uralic           | Latin
fr  | French          | Romance          | Latin
gn  | Guarani         | Tupian           | Latin
gu  | Gujarati        | Indo-Aryan       | Gujarati
ha  | Hausa           | Chadic           | Latin
hch | Wixarika        | Uto-Aztecan      | Latin
he  | Hebrew          | Semitic          | Hebrew
hi  | Hindi           | Indo-Aryan       | Devanagari
hr  | Croatian        | Slavic           | Latin
hu  | Hungarian       | Uralic           | Latin
id  | Indonesian      | Malayo-Sumbawan  | Latin
ig  | Igbo            | Niger-Congo      | Latin
it  | Italian         | Romance          | Latin
ja  | Japanese        | Japonic          | Japanese
jv  | Javanese        | Javanese         | Latin
ka  | Georgian        | Kartvelian       | Georgian
kk  | Kazakh          | Turkic           | Cyrillic
ko  | Korean          | Koreanic         | Hangul
lt  | Lithuanian      | Baltic           | Latin
ml  | Malayalam       | Dravidian        | Malayalam
mr  | Marathi         | Indo-Aryan       | Devanagari
ms  | Malay           | Malayo-Sumbawan  | Latin
my  | Burmese         | Sino-Tibetan     | Burmese
nl  | Dutch           | Germanic         | Latin
pa  | Punjabi         | Indo-Aryan       | Gurmukhi
pl  | Polish          | Slavic           | Latin
pt  | Portuguese      | Romance          | Latin
qu  | Quechua         | Quechuan         | Latin
ro  | Romanian        | Romance          | Latin
ru  | Russian         | Slavic           | Cyrillic
rw  | Kinyarwanda     | Niger-Congo      | Latin
shp | Shipibo-Konibo  | Panoan           | Latin
sk  | Slovak          | Slavic           | Latin
sr  | Serbian         | Slavic           | Latin
sw  | Swahili         | Niger-Congo      | Latin
ta  | Tamil           | Dravidian        | Tamil
tar | Rarámuri        | Uto-Aztecan      | Latin
te  | Telugu          | Dravidian        | Telugu
th  | Thai            | Kra-Dai          | Thai
tl  | Tagalog         | Greater Central Philippine | Latin
tr  | Turkish         | Turkic           | Latin
uk  | Ukrainian       | Slavic           | Cyrillic
ur  | Urdu            | Indo-Aryan       | Arabic
vi  | Vietnamese      | Austroasiatic    | Latin
wo  | Wolof           | Niger-Congo      | Latin
xh  | Xhosa           | Niger-Congo      | Latin
yo  | Yoruba          | Niger-Congo      | Latin
zh  | Chinese         | Sino-Tibetan     | Han
zu  | Zulu            | Niger-Congo      | Latin
"""

_SCRIPTS = {
    "Arab": "Arabic", "Beng": "Bengali", "Cyrl": "Cyrillic", "Deva": "Devanagari", "Hans": "Han", "Hant": "Han",
    "Latn": "Latin",
}  # fmt: skip


class _Languages(dict[str, Language]):
    """Languages by code; ``pt-BR`` and ``sr-Cyrl`` are found by their base, and a script in the code counts."""

    def __missing__(self, code: str) -> Language:
        base, *more = code.replace("_", "-").split("-")
        language = self[base] if more else dict(self)[code]
        script = next((_SCRIPTS[part.title()] for part in more if part.title() in _SCRIPTS), language.script)
        return Language(code, f"{language.name} ({'-'.join(more)})", language.family, script)

    def __contains__(self, code: object) -> bool:
        return isinstance(code, str) and super().__contains__(code.replace("_", "-").split("-")[0])


# A language that is not here can be used all the same; tables then show its code.
LANGUAGES: dict[str, Language] = _Languages(
    (language.code, language)
    for language in (Language(*(cell.strip() for cell in line.split("|"))) for line in _TABLE.strip().splitlines())
)
"""Every language by its code; codes with a region or script, such as `pt-BR`, are found by their base."""


def unknown_language(language: str, there: Sequence[str], where: str) -> str:
    """Return a message with the languages that are there, and the one that was probably meant.

    Example:
        >>> unknown_language("German", ["de", "en"], "in the task 'panx'")
        "Expected a language in the task 'panx': de, en. Found 'German'. Did you mean 'de'?"
    """
    names = {LANGUAGES[code].name.lower(): code for code in there if code in LANGUAGES}
    near = difflib.get_close_matches(language.lower(), [*there, *names], n=1, cutoff=0.5)
    meant = f" Did you mean {names.get(near[0], near[0])!r}?" if near else " Leave it out."
    return f"Expected a language {where}: {', '.join(there)}. Found {language!r}.{meant}"
