"""What can be exported as what, and which file it is made of."""

from typing import Any

import pytest

from models.work import Work, WorkFile
from service.certificates.errors import UnknownExportError
from service.certificates.formats import Choice, choose, formats_of


def file(role: str, media_type: str, width: int | None = 1080, height: int | None = 1440) -> WorkFile:
    return WorkFile(role=role, media_type=media_type, width_px=width, height_px=height)


def work(*files: WorkFile, **values: Any) -> Work:
    made = Work(kind="card", **values)
    made.files = list(files)
    return made


STILL = work(file("preview", "image/webp"), file("thumbnail", "image/webp", 360, 480))
FILM = work(file("preview", "video/mp4"), file("poster", "image/jpeg"))
PAGE = work(file("preview", "text/html; charset=utf-8"), file("poster", "image/jpeg"))
MOVING = work(file("preview", "image/webp"), file("poster", "image/jpeg"))
SONG = work(file("preview", "text/plain; charset=utf-8", None, None))


class TestFormats:
    @pytest.mark.parametrize(
        ("made", "formats"),
        [
            (STILL, ["webp", "png", "jpeg", "gif"]),
            (FILM, ["mp4", "png", "jpeg", "webp"]),
            (PAGE, ["html", "png", "jpeg", "webp"]),
            (MOVING, ["webp", "png", "jpeg"]),
            (SONG, ["txt", "pdf", "md"]),
        ],
    )
    def test_the_works_own_comes_first(self, made: Work, formats: list[str]) -> None:
        assert list(formats_of(made)) == formats

    @pytest.mark.parametrize(
        ("made", "wanted", "size", "role", "chosen"),
        [
            (STILL, "webp", "original", "preview", "original"),
            (STILL, "webp", "720", "preview", "720"),
            (STILL, "gif", "1080", "preview", "original"),  # it is no larger
            (FILM, "mp4", "720", "preview", "original"),  # films are never encoded again
            (FILM, "jpeg", "720", "poster", "720"),
            (PAGE, "html", "480", "preview", "original"),
            (MOVING, "webp", "480", "preview", "original"),
            (SONG, "pdf", "720", "preview", "original"),
        ],
    )
    def test_a_size_that_is_not_reached_is_the_original(
        self, made: Work, wanted: str, size: str, role: str, chosen: str
    ) -> None:
        choice = choose(made, wanted, size)
        assert (choice.source.role, choice.size) == (role, chosen)

    @pytest.mark.parametrize(
        ("made", "wanted", "size"),
        [(STILL, "mp4", "original"), (SONG, "png", "original"), (STILL, "png", "5000"), (FILM, "gif", "720")],
    )
    def test_anything_else_is_refused_with_what_there_is(self, made: Work, wanted: str, size: str) -> None:
        with pytest.raises(UnknownExportError) as refused:
            choose(made, wanted, size)
        assert refused.value.facts() == {"formats": list(formats_of(made))}

    def test_only_the_works_own_file_leaves_as_it_is_stored(self) -> None:
        def is_as_stored(choice: Choice) -> bool:
            return choice.is_as_stored

        assert is_as_stored(choose(FILM, "mp4", "original"))
        assert is_as_stored(choose(FILM, "jpeg", "original"))  # the poster is a JPEG
        assert not is_as_stored(choose(FILM, "png", "original"))
        assert not is_as_stored(choose(STILL, "webp", "480"))
