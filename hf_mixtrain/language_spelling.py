"""The spellings of one language's name: two letters, three letters, in capitals, with a script, in English."""

import re

from hf_mixtrain.data.languages import LANGUAGES

# ISO 639-3 (and 639-2/B) codes of languages that the tasks' data sets also call by two letters.
_CODES = """
afr=af amh=am ara=ar arb=ar aze=az bel=be ben=bn bul=bg cat=ca ces=cs cze=cs cym=cy wel=cy dan=da deu=de
ger=de ell=el gre=el eng=en est=et eus=eu baq=eu fas=fa per=fa fin=fi fra=fr fre=fr gle=ga glg=gl guj=gu
hau=ha heb=he hin=hi hrv=hr hun=hu hye=hy arm=hy ibo=ig ind=id isl=is ice=is ita=it jav=jv jpn=ja kat=ka
geo=ka kaz=kk kor=ko lat=la lit=lt lav=lv mal=ml mar=mr msa=ms may=ms mya=my bur=my nld=nl dut=nl nor=no
nob=nb pan=pa pol=pl por=pt quz=qu que=qu ron=ro rum=ro rus=ru san=sa slk=sk slo=sk slv=sl spa=es srp=sr
swa=sw swh=sw swe=sv tam=ta tel=te tgl=tl tha=th tur=tr ukr=uk urd=ur vie=vi wol=wo yor=yo zho=zh chi=zh
cmn=zh zul=zu
"""
_OF_NAME = {language.name.casefold(): code for code, language in LANGUAGES.items()}
_TWO_LETTERS = {code[:3]: code[4:] for code in _CODES.split()}


def same_language(one: str, other: str) -> bool:
    """Whether two names are spellings of one language: in capitals, by three letters, as NLLB has them, in English.

    A region makes another language (``pt`` and ``pt-BR``): shots of one may well judge the other.

    Example:
        >>> [same_language("en", name) for name in ("EN", "eng", "en_XX", "eng_Latn", "English", "en-GB", "enm")]
        [True, True, True, True, True, False, False]
    """
    (one, one_without_script), (other, other_without_script) = _spelling(one), _spelling(other)
    return one in (other, other_without_script) or one_without_script == other


def _spelling(name: str) -> tuple[str, str]:
    """One spelling for all, and the same without a script (``zho_Hant`` is Chinese, but not ``zho_Hans``)."""
    name = name.strip().casefold().removesuffix("_xx").removesuffix("-xx")
    name = _OF_NAME.get(name, name)
    without_script = re.sub(r"^([a-z]{3})[-_][a-z]{4}$", r"\1", name)
    return _TWO_LETTERS.get(name, name), _TWO_LETTERS.get(without_script, without_script)
