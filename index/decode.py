"""Bytes into characters: which encoding a file is in, decided strictly."""

from __future__ import annotations

import codecs

from index.document import ReadError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with theirs
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LEGACY = ("gb18030", "big5", "big5hkscs")
_SAMPLE = 20_000  # characters that are enough to tell how common a text's characters are
_CLEAR = 0.75  # share of common characters below which a decoding is taken for mojibake
_FREQUENT = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经"
    "十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间"
    "样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入"
    "常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门"
    "即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走"
    "积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断"
    "深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层"
    "這個國們來時說會為發產種後經動學過對於現實體機當點從業開還應關係條問題黨員電無與總長區強決戰則處隊門據導壓爭濟階極聯認權證轉單風報類離華"
    "確張馬節話況傳許廣記觀織裝聲術務萬達積議東義數質氣間樣線變結軍見計運農論資邊統級圖組將設較別給領熱規備難連斷際驗須復書眾約勞團歷構稱準號"
    "維劃選標寫親養層，。、；：？！“”《》（）「」『』—…·％"
)


def decode(data: bytes) -> tuple[str, str]:
    """Text without byte-order mark, and the name of its encoding.

    Marks and strict UTF-8 come first; then GB18030 and Big5, strictly, whichever gives the more
    common characters. Raises ReadError for binary data and for bytes that read as no language.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _checked(_strictly(data[len(mark) :], encoding)), encoding
    if b"\0" in data:
        raise ReadError("this is binary data, not text (it contains NUL bytes)")
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _legacy(data)


def commonness(text: str) -> float:
    """Share, from 0 to 1, of the characters beyond ASCII that are frequent ones in Chinese."""
    sample = [character for character in text[:_SAMPLE] if character > "\x7f" and not character.isspace()]
    return sum(map(_FREQUENT.__contains__, sample)) / len(sample) if sample else 1.0


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ReadError(
            f"marked as {encoding}, but the bytes at {error.start} are not; save it again as UTF-8"
        ) from error


def _checked(text: str) -> str:
    if "\0" in text:
        raise ReadError("this is binary data, not text (it contains NUL characters)")
    return text


def _legacy(data: bytes) -> tuple[str, str]:
    readings: list[tuple[float, str, str]] = []
    for encoding in _LEGACY:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        readings.append((commonness(text), encoding, text))
    if not readings:
        raise ReadError("neither UTF-8 nor GB18030 nor Big5, or a mixture of them; save it again as UTF-8")
    score, encoding, text = max(readings, key=lambda reading: reading[0])
    if score < _CLEAR / 2:
        raise ReadError(
            "the encoding is not clear (UTF-8, GB18030 and Big5 give no language); save it as UTF-8"
        )
    return text, encoding
