"""Moving cards as files: they play, carry their label on every frame, can be stopped, and tell stories."""

import io
from typing import Any

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from generators.backends.studio.card.backend import StudioCardBackend
from generators.backends.studio.motion.caption import set_caption
from generators.backends.studio.motion.film import ENCODERS, encode_film
from generators.backends.studio.motion.reel import FILM_HEIGHT_PX, FILM_WIDTH_PX, filmed
from generators.contracts import Brief, Failure, FailureReason, Motion, Pixels, Unwatched
from generators.specs import CardFormat, CardSpec, Language, Style

LABEL = "算法生成"
SCENES = ("那年春天，我们在山下认识。", "后来一起走过很多地方。", "今晚又是中秋 🌕")
MOVING = (CardFormat.MP4, CardFormat.ANIMATED_WEBP)


class Steps(Unwatched):
    """Remembers progress; cancels brief `cancel` at step `at`."""

    def __init__(self, cancel: int | None = None, at: int = 0) -> None:
        self.cancel, self.at = cancel, at
        self.seen: list[tuple[int, int, int]] = []

    def step(self, index: int, step: int, steps: int) -> bool:
        self.seen.append((index, step, steps))
        return not (index == self.cancel and step >= self.at)


def spec(**changes: Any) -> CardSpec:
    usual = {"occasion": "mid_autumn", "recipient": "林晚晴", "sender": "知夏", "format": "mp4"}
    return CardSpec.model_validate(usual | changes)


def made(one: CardSpec, *, photo: Pixels | None = None, seed: int = 7) -> Motion:
    (result,) = StudioCardBackend().generate([Brief(one, seed, LABEL, photo=photo)], Unwatched())
    assert isinstance(result, Motion)
    return result


def decoded(content: bytes) -> list[Pixels]:
    with av.open(io.BytesIO(content), "r") as container:
        frames = (frame.to_ndarray(format="rgb24") for frame in container.decode(video=0))
        return [np.asarray(frame, dtype=np.uint8) for frame in frames]


def pictures(motion: Motion) -> list[Pixels]:
    if motion.media_type == "video/mp4":
        return decoded(motion.content)
    frames = []
    with Image.open(io.BytesIO(motion.content)) as picture:
        for number in range(picture.n_frames):  # type: ignore[attr-defined]
            picture.seek(number)
            frames.append(np.asarray(picture.convert("RGB")))
    return frames


class TestFiles:
    @pytest.mark.parametrize("style", Style)
    @pytest.mark.parametrize("card_format", MOVING)
    def test_the_label_is_on_every_frame_of_three_seconds(
        self, style: Style, card_format: CardFormat
    ) -> None:
        motion = made(spec(style=style, format=card_format))
        frames = pictures(motion)
        assert len(frames) == (72 if card_format is CardFormat.MP4 else 36)
        box = filmed(motion.boxes["label"])
        rows, columns = slice(int(box.top), int(box.bottom) + 1), slice(int(box.left), int(box.right) + 1)
        still = cv2.resize(motion.poster, (FILM_WIDTH_PX, FILM_HEIGHT_PX), interpolation=cv2.INTER_AREA)
        wanted = cv2.cvtColor(still[rows, columns], cv2.COLOR_RGB2GRAY).astype(np.float32)
        for frame in frames:
            assert frame.shape == (FILM_HEIGHT_PX, FILM_WIDTH_PX, 3)
            seen = cv2.cvtColor(frame[rows, columns], cv2.COLOR_RGB2GRAY).astype(np.float32)
            assert np.corrcoef(seen.ravel(), wanted.ravel())[0, 1] > 0.9

    def test_a_film_plays_while_it_loads(self) -> None:
        content = made(spec()).content
        assert 0 < content.index(b"moov") < content.index(b"mdat")
        with av.open(io.BytesIO(content), "r") as container:
            stream = container.streams.video[0]
            assert stream.codec_context.pix_fmt == "yuv420p"
            assert stream.average_rate is not None
            assert float(stream.average_rate) == 24
            assert container.duration == 3_000_000

    def test_an_animation_plays_once_and_rests(self) -> None:
        with Image.open(io.BytesIO(made(spec(format="animated_webp")).content)) as picture:
            assert picture.info["loop"] == 1

    @pytest.mark.parametrize("card_format", MOVING)
    def test_the_same_seed_gives_the_same_file(self, card_format: CardFormat) -> None:
        one = spec(format=card_format, style="plum")
        assert made(one).content == made(one).content != made(one, seed=8).content

    @pytest.mark.parametrize("encoder", ENCODERS)
    def test_each_encoder_makes_a_film_of_true_colours(self, encoder: str) -> None:
        colours = [(190, 40, 44, 255), (24, 60, 120, 255), (240, 232, 214, 255)]
        frames = (np.full((FILM_HEIGHT_PX, FILM_WIDTH_PX, 4), colour, np.uint8) for colour in colours)
        shown = decoded(encode_film(frames, 24, encoder=encoder))
        for frame, colour in zip(shown, colours, strict=True):
            assert np.abs(frame.reshape(-1, 3).mean(axis=0) - colour[:3]).max() < 6

    def test_the_poster_has_everything_on_it(self) -> None:
        moving, still = made(spec()), spec(format="png")
        (picture,) = StudioCardBackend().generate([Brief(still, 7, LABEL)], Unwatched())
        assert not isinstance(picture, Failure | Motion)
        assert np.array_equal(moving.poster, picture.pixels)  # type: ignore[union-attr]


class TestSteps:
    @pytest.mark.parametrize("card_format", [*MOVING, CardFormat.HTML])
    def test_they_count_up_to_the_promised_number(self, card_format: CardFormat) -> None:
        one, progress, backend = spec(format=card_format), Steps(), StudioCardBackend()
        backend.generate([Brief(one, 7, LABEL)], progress)
        promised = backend.steps(one)
        assert progress.seen == [(0, step, promised) for step in range(1, promised + 1)]

    @pytest.mark.parametrize("card_format", [*MOVING, CardFormat.HTML])
    @pytest.mark.parametrize("late", [False, True])
    def test_a_cancelled_card_stops_at_once_and_alone(self, card_format: CardFormat, late: bool) -> None:
        one, backend = spec(format=card_format), StudioCardBackend()
        at = backend.steps(one) - (0 if late else 1)
        progress = Steps(cancel=0, at=at)
        briefs = [Brief(one, 7, LABEL), Brief(spec(format="html"), 8, LABEL)]
        first, second = backend.generate(briefs, progress)
        assert isinstance(first, Failure)
        assert first.reason is FailureReason.CANCELLED
        assert max(step for index, step, _ in progress.seen if index == 0) == at
        assert isinstance(second, Motion)


class TestStories:
    def test_three_labelled_scenes_come_before_the_card(self) -> None:
        told = made(spec(scenes=SCENES, style="plum"))
        assert told.text is not None
        assert told.text.split("\n")[:3] == list(SCENES)
        box = filmed(told.boxes["label"])
        rows, columns = slice(int(box.top), int(box.bottom) + 1), slice(int(box.left), int(box.right) + 1)
        frames = decoded(told.content)
        assert len(frames) == 3 * 60 + 72
        last = frames[-1][rows, columns].astype(np.float32).mean(axis=2)
        for frame in frames:
            seen = frame[rows, columns].astype(np.float32).mean(axis=2)
            assert np.corrcoef(seen.ravel(), last.ravel())[0, 1] > 0.85
        card = decoded(made(spec(style="plum")).content)
        assert np.abs(frames[-1].astype(int) - card[-1].astype(int)).mean() < 3

    def test_the_photo_is_what_the_scenes_show(self) -> None:
        photo = np.zeros((400, 300, 3), np.uint8)
        photo[:, :, 1] = 200
        green = decoded(made(spec(scenes=SCENES), photo=photo).content)[30]
        assert green[200, 360, 1] > 150
        assert green[200, 360, 0] < 60

    @pytest.mark.parametrize("shape", [(1, 1), (1, 2000), (2000, 1), (3000, 4000)])
    def test_a_photo_of_any_shape_will_do(self, shape: tuple[int, int]) -> None:
        assert made(spec(scenes=SCENES, format="html"), photo=np.full((*shape, 3), 90, np.uint8)).content

    @pytest.mark.parametrize("scene", ["🎉" * 60, "مرحبا بالعالم " * 8, "愿你平安喜乐，" * 28, "𒀀" * 200])
    @pytest.mark.parametrize("language", Language)
    def test_hostile_captions_stay_inside(self, scene: str, language: Language) -> None:
        block = set_caption(scene, language, 850.0)
        assert block.ink is not None
        assert block.ink.left >= 0
        assert block.ink.right <= FILM_WIDTH_PX
        assert 0 <= block.ink.top < block.ink.bottom <= 851
        assert made(spec(scenes=(scene, "a", "字"), format="html", language=language)).content


class TestSpecs:
    @pytest.mark.parametrize("card_format", ["png", "jpeg", "webp", "animated_webp"])
    def test_scenes_need_a_film_or_a_page(self, card_format: str) -> None:
        with pytest.raises(ValueError, match="scenes"):
            spec(scenes=SCENES, format=card_format)

    @pytest.mark.parametrize("scenes", [SCENES[:2], (*SCENES, "四"), ("", "a", "b"), ("字" * 201, "a", "b")])
    def test_there_are_three_of_bounded_length(self, scenes: tuple[str, ...]) -> None:
        with pytest.raises(ValueError, match="scenes"):
            spec(scenes=scenes)

    @pytest.mark.parametrize("card_format", ["png", "mp4", "animated_webp"])
    def test_only_pages_have_music(self, card_format: str) -> None:
        with pytest.raises(ValueError, match="music"):
            spec(music=True, format=card_format)
