"""Reading prompts in Chinese and English."""

import pytest

from generators.backends.studio.art.numerals import find_number
from generators.backends.studio.art.prompts import read_prompt
from generators.backends.studio.art.steering import Hue, Season, Subject, TimeOfDay, Weather
from generators.specs import Style


@pytest.mark.parametrize(
    ("prompt", "style"),
    [
        ("plum blossom in snow", Style.PLUM),
        ("雪中的红梅", Style.PLUM),
        ("孤舟蓑笠翁，独钓寒江雪", Style.INK),
        ("misty mountains and a river", Style.INK),
        ("月光下的竹林", Style.INK),
        ("flowing red silk", Style.SILK),
        ("蓝色丝绸", Style.SILK),
        ("五盏灯笼", Style.LANTERN),
        ("paper lanterns over the sea", Style.LANTERN),
        ("中秋团圆", Style.LANTERN),
        ("a bird on a plum branch under the moon", Style.PLUM),
        ("水墨风格的灯笼与远山", Style.INK),
    ],
)
def test_words_choose_the_style(prompt: str, style: Style) -> None:
    assert read_prompt(prompt)[0] is style


@pytest.mark.parametrize(
    ("prompt", "subjects"),
    [
        ("three boats and a waterfall", {Subject.BOAT, Subject.WATERFALL}),
        ("两只白鹤飞过青山", {Subject.BIRD, Subject.MOUNTAIN}),
        ("春江花月夜", {Subject.RIVER, Subject.MOON, Subject.PLUM}),
        ("松树下的亭子，远处有云", {Subject.PINE, Subject.PAVILION, Subject.CLOUD}),
        ("no boats, only mountains", {Subject.MOUNTAIN}),
        ("mountains without any birds or boats", {Subject.MOUNTAIN}),
        ("不要月亮，只要山", {Subject.MOUNTAIN}),
        ("没有船的江面", {Subject.RIVER}),
        ("无边的山", {Subject.MOUNTAIN}),
        ("十二月的城市", set()),
        ("spoiled sunny classmates", set()),
        ("燈籠與紅梅", {Subject.LANTERN, Subject.PLUM}),
        ("ＭＯＯＮ", {Subject.MOON}),
    ],
)
def test_words_name_subjects_unless_denied(prompt: str, subjects: set[Subject]) -> None:
    assert read_prompt(prompt)[1].subjects == subjects


@pytest.mark.parametrize(
    ("prompt", "season", "time", "weather"),
    [
        ("spring morning in the mist", Season.SPRING, TimeOfDay.DAWN, Weather.MIST),
        ("秋天的黄昏，小雨", Season.AUTUMN, TimeOfDay.DUSK, Weather.RAIN),
        ("winter night, heavy snow", Season.WINTER, TimeOfDay.NIGHT, Weather.SNOW),
        ("夏日正午晴空", Season.SUMMER, TimeOfDay.NOON, Weather.CLEAR),
        ("sunset over the lake", None, TimeOfDay.DUSK, None),
        ("春节快乐", None, None, None),
        ("a city", None, None, None),
    ],
)
def test_words_set_season_hour_and_weather(
    prompt: str, season: Season | None, time: TimeOfDay | None, weather: Weather | None
) -> None:
    steering = read_prompt(prompt)[1]
    assert (steering.season, steering.time_of_day, steering.weather) == (season, time, weather)


@pytest.mark.parametrize(
    ("prompt", "hue"),
    [
        ("粉红色的花", Hue.PINK),
        ("红色的花", Hue.RED),
        ("jade green hills", Hue.GREEN),
        ("a golden ribbon", Hue.GOLD),
        ("青山", Hue.GREEN),
        ("a white moon", None),
        ("white plum blossom", Hue.WHITE),
        ("blue and then red", Hue.BLUE),
        ("黄昏", None),
        ("金鱼", None),
    ],
)
def test_words_choose_a_colour(prompt: str, hue: Hue | None) -> None:
    assert read_prompt(prompt)[1].hue is hue


@pytest.mark.parametrize(
    ("prompt", "counts"),
    [
        ("three red lanterns", {Subject.LANTERN: 3}),
        ("五盏红灯笼", {Subject.LANTERN: 5}),
        ("十二盏灯笼", {Subject.LANTERN: 12}),
        ("二十个灯笼", {Subject.LANTERN: 20}),
        ("two small boats and three birds", {Subject.BOAT: 2, Subject.BIRD: 3}),
        ("一只鸟", {Subject.BIRD: 1}),
        ("一群大雁", {}),
        ("a flock of birds", {}),
        ("ten thousand lanterns", {}),
        ("三百盏灯笼", {}),
        ("lanterns", {}),
    ],
)
def test_numbers_are_counted(prompt: str, counts: dict[Subject, int]) -> None:
    assert read_prompt(prompt)[1].counts == counts


def test_density_follows_the_words() -> None:
    sparse, usual, lush = (
        read_prompt(prompt)[1].density for prompt in ("疏影横斜的梅花", "梅花", "繁花盛开的梅树")
    )
    assert sparse < usual < lush


def test_a_prompt_without_a_known_word_still_gets_one_style_always() -> None:
    prompts = [f"zxq {number}" for number in range(40)]
    first = [read_prompt(prompt) for prompt in prompts]
    assert first == [read_prompt(prompt) for prompt in prompts]
    assert {style for style, _ in first} == set(Style)


@pytest.mark.parametrize(
    "prompt", ["", " ", "🌙🏮", "\n", "a" * 2000, "十" * 500, "no " * 600 + "moon", "((([[[**", "没有" * 900]
)
def test_odd_prompts_are_read_quickly(prompt: str) -> None:
    style, steering = read_prompt(prompt)
    assert style in Style
    assert 0 <= steering.density <= 1


@pytest.mark.parametrize(
    ("before", "number"),
    [
        ("十", 10),
        ("二十一", 21),
        ("两只", 2),
        ("99 ", 99),
        ("twelve ", 12),
        ("an old ", 1),
        ("", None),
        ("好", None),
    ],
)
def test_numerals(before: str, number: int | None) -> None:
    assert find_number(before) == number
