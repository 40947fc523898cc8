"""What holding a model to a scheme brings and costs: `python -m benchmarks.rhyme [--steps N] [--songs N]`.

A small network learns for a few minutes to write like the studio's line bank, prompt and all; then it is
asked for songs on themes and seeds it has not seen, freely and held. Random weights stand beside it, for whom
every rhyme is chance. "lines" is the share of the lines asked for that came and keep the scheme, "songs" the
share of songs all of whose lines do. Tokens per second are of one process, a batch at a time.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import Qwen3Config, Qwen3ForCausalLM

from generators.backends.language.decoding.loading import open_language_model
from generators.backends.language.decoding.tongue import Tongue
from generators.backends.language.prompts import ask_for_song
from generators.backends.language.settings import TransformersSettings
from generators.backends.language.transformers_lyrics import TransformersLyrics
from generators.backends.studio.lyrics.backend import StudioLyricsBackend
from generators.backends.studio.lyrics.bank import themes
from generators.contracts import Brief, Result, Song, Unwatched
from generators.specs import Language, LyricsSpec, Mood, Section
from tests.factories.language_models import make_tokenizer

_SECTIONS: Final = (Section.VERSE, Section.CHORUS, Section.VERSE, Section.CHORUS)
_SCHEME: Final = "AABA"
_BATCH: Final = 8
_HELD_OUT: Final = 1_000_000  # seeds from here on are never trained on
_IGNORED: Final = -100  # what torch's loss passes over


@dataclass(frozen=True)
class Score:
    """Of many songs; shares from 0 to 1."""

    complete: float
    songs: float
    lines: float
    tokens_per_second: float


def spec_of(number: int) -> LyricsSpec:
    """Themes, moods and languages in turn."""
    language = list(Language)[number % 2]
    theme = themes()[number // 2 % len(themes())]
    words = [word for word in theme.keywords if word.isascii() == (language is Language.EN)]
    dice = random.Random(number)
    return LyricsSpec(
        theme=dice.choice(words),
        mood=dice.choice(list(Mood)),
        language=language,
        sections=_SECTIONS,
        rhyme=_SCHEME,
    )


def lesson(number: int, tongue: Tongue) -> tuple[torch.Tensor, torch.Tensor]:
    """A prompt with the studio's song as its answer: tokens, and what of them is to be learnt."""
    spec = spec_of(number)
    (song,) = StudioLyricsBackend().generate([Brief(spec, number, "")], Unwatched())
    assert isinstance(song, Song)  # noqa: S101
    blocks = list(dict.fromkeys(song.text.strip().split("\n\n")))  # a chorus once, as it is asked for
    asked = ask_for_song(spec)
    prompt = tongue.prompt(asked.system, asked.user)
    answer = [*tongue.in_place("\n\n".join(blocks), after="\n"), min(tongue.ends)]
    return torch.tensor(prompt + answer), torch.tensor([_IGNORED] * len(prompt) + answer)


def train(network: Qwen3ForCausalLM, tongue: Tongue, steps: int) -> Iterator[float]:
    """The loss of each step."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    network.train()
    for step in range(steps):
        lessons = [lesson(step * _BATCH + i, tongue) for i in range(_BATCH)]
        ids = pad_sequence([tokens for tokens, _ in lessons], batch_first=True)
        labels = pad_sequence([goal for _, goal in lessons], batch_first=True, padding_value=_IGNORED)
        loss = network(input_ids=ids, labels=labels).loss
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        yield float(loss.detach())


def save_network(folder: Path, steps: int) -> None:
    """Trained for so many steps, with random weights for 0."""
    tokenizer = make_tokenizer()
    torch.manual_seed(1)
    sizes: dict[str, Any] = {"hidden_size": 128, "intermediate_size": 384, "num_hidden_layers": 3}
    heads: dict[str, Any] = {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32}
    network = Qwen3ForCausalLM(Qwen3Config(vocab_size=len(tokenizer), **sizes, **heads))
    started = time.perf_counter()
    for step, loss in enumerate(train(network, Tongue(tokenizer), steps) if steps else ()):
        if step % 20 == 19:
            print(f"step {step + 1:4} loss {loss:.2f} after {time.perf_counter() - started:.0f} s")
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def score(backend: TransformersLyrics, songs: int) -> Score:
    """Songs on seeds that nobody was trained on."""
    briefs = [Brief(spec_of(_HELD_OUT + i), _HELD_OUT + i, "") for i in range(songs)]
    for language in Language:
        backend.model.writing(language)  # once a process, so not counted
    before, started = backend.model.tokens_written, time.perf_counter()
    results = [
        result
        for start in range(0, songs, _BATCH)
        for result in backend.generate(briefs[start : start + _BATCH], Unwatched())
    ]
    seconds = time.perf_counter() - started
    kept = [lines_kept(result) for result in results]
    asked = len(_SECTIONS) * len(_SCHEME)
    return Score(
        sum(isinstance(result, Song) for result in results) / songs,
        sum(count == asked for count in kept) / songs,
        sum(kept) / songs / asked,
        (backend.model.tokens_written - before) / seconds,
    )


def lines_kept(result: Result) -> int:
    """Lines of a song that keep the scheme; none of a failure."""
    if not isinstance(result, Song):
        return 0
    sections = cast("Sequence[dict[str, list[dict[str, object]]]]", result.rhyme["sections"])
    return sum(bool(row["ok"]) for section in sections for row in section["lines"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--songs", type=int, default=40)
    asked = parser.parse_args()
    torch.set_num_threads(1)  # so small a network only waits for a second one
    print(f"one thread, {asked.songs} songs each, scheme {_SCHEME}, zh and en in turn")
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for name, steps in (("random", 0), ("trained", asked.steps)):
            save_network(Path(folder, name), steps)
            for is_held in (False, True):
                settings = TransformersSettings(
                    model=str(Path(folder, name)),
                    is_offline=True,
                    device="cpu",
                    constrained=is_held,
                    max_new_tokens=400,
                )
                rows.append((name, is_held, score(TransformersLyrics(settings), asked.songs)))
        open_language_model.cache_clear()
    print(f"{'weights':10} {'decoding':10} {'complete':>9} {'songs':>7} {'lines':>7} {'tokens/s':>9}")
    for name, is_held, found in rows:
        print(
            f"{name:10} {'held' if is_held else 'free':10} {found.complete:9.0%} {found.songs:7.0%} "
            f"{found.lines:7.0%} {found.tokens_per_second:9.0f}"
        )


if __name__ == "__main__":
    main()
