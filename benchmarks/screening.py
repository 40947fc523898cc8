"""What screening a prompt costs before it is admitted: `python -m benchmarks.screening [--rounds N]`.

Clean prompts beside the one standard-library call that does work of the same kind (Unicode normalisation of
text that is not normal yet), and texts of the greatest legal length that were written to be slow. Processor
time of one thread, the best of many short rounds: on a busy machine some of them are undisturbed.
"""

import argparse
import time
import unicodedata
from collections.abc import Callable
from typing import Final

from moderation.prompts import find_category, load_lexicon

ZH: Final = "中秋月圆人团圆，愿林晚晴与家人岁岁平安喜乐，秋风送爽桂花飘香，思念在心。知夏敬上"
EN: Final = (
    "a quiet mountain village at dawn, plum blossoms in fresh snow, soft golden light over misty hills"
)
CLEAN: Final = {"zh, 41 characters": ZH, "zh, 205": ZH * 5, "en, 97": EN, "en, 194": EN * 2}
HOSTILE: Final = [
    "aaab", "a ", "1 ", "13", "* a", "自 ", "自，", "a1", "@a", "a.b@", "kill kill ", "+1 ", "(at)",
    "色情人", " dot  at ", "k1l a b 1 3 8 p*rn zi4 sha1 自.杀 ",
]  # fmt: skip
LONGEST: Final = 2000  # characters of the longest text a spec may hold
CALLS: Final = 10  # a round


def best_seconds(work: Callable[[], object], rounds: int) -> float:
    """Of one call."""
    times = []
    for _ in range(rounds):
        started = time.process_time()
        for _ in range(CALLS):
            work()
        times.append((time.process_time() - started) / CALLS)
    return min(times)


def screening_seconds(text: str, rounds: int) -> float:
    return best_seconds(lambda: find_category([text]), rounds)


def normalising_seconds(length: int, rounds: int) -> float:
    """NFKC of a decomposed Chinese text, by length; what is normal already would cost next to nothing."""
    text = unicodedata.normalize("NFKD", f"{ZH}ガ")
    return best_seconds(lambda: unicodedata.normalize("NFKC", text), rounds) * length / len(text)


def show_clean(rounds: int) -> None:
    print(f"{'clean prompt':40} {'us':>8} {'x NFKC':>8}")
    for name, text in CLEAN.items():
        seconds = screening_seconds(text, rounds)
        ratio = seconds / normalising_seconds(len(text), rounds)
        print(f"{name:40} {seconds * 1e6:8.1f} {ratio:8.2f}")


def show_hostile(rounds: int) -> None:
    """Twice the text at twice the time is linear."""
    print(f"\n{f'hostile, {LONGEST} characters of':40} {'us':>8} {'x half':>8}")
    for seed in HOSTILE:
        text = (seed * LONGEST)[:LONGEST]
        whole, half = screening_seconds(text, rounds), screening_seconds(text[: LONGEST // 2], rounds)
        print(f"{seed!r:40} {whole * 1e6:8.1f} {whole / half:8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    rounds = parser.parse_args().rounds
    started = time.process_time()
    load_lexicon()
    print(f"loading the lexicon: {(time.process_time() - started) * 1e3:.0f} ms, once a process\n")
    show_clean(rounds)
    show_hostile(max(5, rounds // 10))


if __name__ == "__main__":
    main()
