"""Card words: varied, of a fitting length, and gentle with names."""

import pytest

from generators.backends.studio.words.greetings import combinations, write_greeting
from generators.specs import CardSpec, Language, Occasion, count_graphemes

EVERY = [(occasion, language) for occasion in Occasion for language in Language]
ODD_NAMES = ["🐱🐱", "أحمد", "x" * 20, "欧阳明月小朋友和她的姐姐妹妹们", "{you}", "a\tb", "%s{0}"]


@pytest.mark.parametrize(("occasion", "language"), EVERY)
class TestEveryOccasion:
    def test_has_sixty_different_greetings_and_more(self, occasion: Occasion, language: Language) -> None:
        assert len(set(combinations(occasion, language))) >= 60

    def test_words_fit_the_card_whoever_sends_them(self, occasion: Occasion, language: Language) -> None:
        shortest, longest = (20, 90) if language is Language.ZH else (60, 200)
        for seed, name in enumerate(["林晚晴", "Anna", "王老师", "Grandma Rose", *ODD_NAMES] * 12):
            text = write_greeting(
                occasion, language, recipient=name, sender="晨光文化传播有限公司", seed=seed
            )
            assert shortest <= count_graphemes(text) <= longest, text
            CardSpec(occasion=occasion, recipient="a", sender="b", message=text)

    def test_a_seed_gives_the_same_words_again(self, occasion: Occasion, language: Language) -> None:
        texts = [
            [write_greeting(occasion, language, recipient="安", sender="宁", seed=seed) for seed in range(40)]
            for _ in range(2)
        ]
        assert texts[0] == texts[1]
        assert len(set(texts[0])) >= 25


class TestNames:
    @pytest.mark.parametrize("language", Language)
    def test_are_used_sometimes_and_not_mostly(self, language: Language) -> None:
        texts = [
            write_greeting(Occasion.BIRTHDAY, language, recipient="林晚晴", sender="知夏", seed=seed)
            for seed in range(300)
        ]
        named = sum("林晚晴" in text for text in texts)
        assert 30 <= named <= 120

    @pytest.mark.parametrize("name", ODD_NAMES)
    def test_that_would_read_awkwardly_stay_outside(self, name: str) -> None:
        for language in Language:
            for seed in range(60):
                text = write_greeting(Occasion.BIRTHDAY, language, recipient=name, sender="知夏", seed=seed)
                assert name not in text
                assert "{" not in text

    def test_condolence_never_calls_out_a_name(self) -> None:
        for seed in range(200):
            text = write_greeting(
                Occasion.CONDOLENCE, Language.ZH, recipient="林晚晴", sender="知夏", seed=seed
            )
            assert "林晚晴" not in text

    def test_elders_are_addressed_with_respect(self) -> None:
        texts = [
            write_greeting(Occasion.THANK_YOU, Language.ZH, recipient="王老师", sender="知夏", seed=seed)
            for seed in range(60)
        ]
        assert any("您" in text for text in texts)
        assert not any("你" in text for text in texts)

    def test_a_company_speaks_in_its_own_name(self) -> None:
        texts = [
            write_greeting(Occasion.BUSINESS, Language.ZH, recipient="赵总", sender="晨光公司", seed=seed)
            for seed in range(200)
        ]
        assert any("晨光公司" in text for text in texts)
