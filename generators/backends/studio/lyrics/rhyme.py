"""What rhymes, and whether a section keeps its scheme: knows nothing of how lines are made."""

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import regex
from pypinyin import Style, lazy_pinyin

from generators.backends.studio.lyrics.pronunciations import find_pronunciations, words_in
from generators.specs import Language

SYSTEMS: Final = {Language.ZH: "十三辙", Language.EN: "CMU"}
FREE: Final = "X"

# The thirteen tracks (十三辙) of northern sung verse, by the finals of Hanyu Pinyin. "-i" is the
# vowel of zhi chi shi ri zi ci si.
_TRACKS: Final[Mapping[str, str]] = {
    final: track
    for track, finals in {
        "发花": "a ia ua",
        "梭坡": "o e uo io",
        "乜斜": "ie ve ê",
        "姑苏": "u",
        "一七": "i -i v er",
        "怀来": "ai uai",
        "灰堆": "ei uei",
        "遥条": "ao iao",
        "由求": "ou iou",
        "言前": "an ian uan van",
        "人辰": "en in uen vn",
        "江阳": "ang iang uang",
        "中东": "eng ing ueng ong iong",
    }.items()
    for final in finals.split()
}
_BUZZING: Final = ("zh", "ch", "sh", "r", "z", "c", "s")
_HAN_RUN: Final = regex.compile(r"\p{Han}+")
_TRAILING: Final = regex.compile(r"[^\p{L}\p{N}]+$")
# Line endings that the phrase table reads wrongly, checked against every ending of the bank.
_READINGS: Final = {"还": "van", "一行": "ang", "两行": "ang", "几行": "ang", "那行": "ang"}


@dataclass(frozen=True, slots=True)
class Ending:
    """How one line ends. `classes` is empty when the ending is unknown; it then rhymes with nothing."""

    word: str
    sound: str | None
    classes: tuple[str, ...]


def rhyme_class_zh(word: str) -> str | None:
    """The track (辙) of the last character of a word or line; None when it is not Chinese.

    A whole phrase lets a character of several readings be read by its neighbours.
    """
    sound = final_zh(word)
    return None if sound is None else _TRACKS.get(sound)


@functools.lru_cache(maxsize=16384)
def final_zh(text: str) -> str | None:
    """The final of the last character, e.g. "iang"; ü is v; "-i" for zhi chi shi ri zi ci si."""
    runs = _HAN_RUN.findall(_TRAILING.sub("", text))
    if not runs or not _TRAILING.sub("", text).endswith(runs[-1]):
        return None
    for ending, final in _READINGS.items():
        if runs[-1].endswith(ending):
            return final
    final = lazy_pinyin(runs[-1], style=Style.FINALS, strict=True)[-1]
    if final == "i" and lazy_pinyin(runs[-1])[-1].startswith(_BUZZING):
        return "-i"
    return str(final).replace("ü", "v")


def rhyme_part_en(word: str) -> str | None:
    """ARPABET from the last stressed vowel on, without digits ("AY T"); None for an unknown word."""
    parts = rhyme_parts_en(word)
    return parts[0] if parts else None


@functools.lru_cache(maxsize=16384)
def rhyme_parts_en(word: str) -> tuple[str, ...]:
    """The rhyming part of each known pronunciation, the usual one first."""
    return tuple(dict.fromkeys(_from_stress(sound.split(" ")) for sound in find_pronunciations(word)))


def _from_stress(phones: list[str]) -> str:
    stressed = [i for i, phone in enumerate(phones) if phone[-1] in "12"]
    vowels = [i for i, phone in enumerate(phones) if phone[-1].isdigit()]
    start = (stressed or vowels or [0])[-1]
    return " ".join(phone.rstrip("012") for phone in phones[start:])


def ending_of(line: str, language: Language) -> Ending:
    """The end word of a line and how it sounds."""
    if language is Language.ZH:
        final = final_zh(line)
        track = _TRACKS.get(final) if final else None
        return Ending(_last_letter(line), final, (track,) if track else ())
    words = words_in(line)
    word = words[-1] if words and _TRAILING.sub("", line.lower()).endswith(words[-1][-1]) else ""
    sounds = find_pronunciations(word)
    return Ending(word, sounds[0] if sounds else None, rhyme_parts_en(word))


def _last_letter(line: str) -> str:
    return _TRAILING.sub("", line)[-1:]


def check_scheme(lines: Sequence[str], scheme: str, language: Language) -> dict[str, object]:
    """Read finished lines and say how they rhyme, as plain JSON data.

    Lines of one letter must share a class with different end words; lines of different letters
    must not share one; X is free.

    Returns: {"scheme", "lines": [{"text", "end", "sound", "class", "group", "ok"}], "ok"}.
    Raises: ValueError when there is not one letter a line.
    """
    if len(lines) != len(scheme):
        raise ValueError(f"{len(lines)} lines for a scheme of {len(scheme)}")
    endings = [ending_of(line, language) for line in lines]
    shared = {
        group: _shared_class(endings, scheme, group) for group in dict.fromkeys(scheme) if group != FREE
    }
    rows: list[dict[str, object]] = []
    for i, (line, ending, group) in enumerate(zip(lines, endings, scheme, strict=True)):
        earlier = [endings[k].word for k in range(i) if scheme[k] == group]
        rows.append(
            {
                "text": line,
                "end": ending.word,
                "sound": ending.sound,
                "class": _heard_class(ending, shared.get(group)),
                "group": group,
                "ok": group == FREE or _keeps(ending, group, earlier, shared, scheme),
            }
        )
    return {"scheme": scheme, "lines": rows, "ok": all(row["ok"] for row in rows)}


def _shared_class(endings: Sequence[Ending], scheme: str, group: str) -> str | None:
    """The class most lines of a group can be heard in; the earliest of equals."""
    heard = Counter(
        name
        for ending, letter in zip(endings, scheme, strict=True)
        if letter == group
        for name in ending.classes
    )
    return heard.most_common(1)[0][0] if heard else None


def _heard_class(ending: Ending, shared: str | None) -> str | None:
    if shared in ending.classes:
        return shared
    return ending.classes[0] if ending.classes else None


def _keeps(
    ending: Ending, group: str, earlier: Sequence[str], shared: Mapping[str, str | None], scheme: str
) -> bool:
    own = shared[group]
    if any(name == own and name is not None for other, name in shared.items() if other != group):
        return False
    if scheme.count(group) == 1:
        return True
    return own in ending.classes and ending.word not in earlier
