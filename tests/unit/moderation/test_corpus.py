"""The two promises that matter to people: the innocent are let through, the hostile are not."""

import random
from collections import Counter

from moderation.prompts import find_category
from tests.unit.moderation.corpora import Hostile, hostile, innocent


class TestInnocentPrompts:
    def test_none_of_them_is_refused(self) -> None:
        texts = innocent()
        refused = [(category.value, text) for text in texts if (category := find_category([text]))]
        assert len(texts) >= 400
        assert not refused, f"{len(refused)} of {len(texts)} innocent prompts refused: {refused}"

    def test_they_stay_innocent_next_to_each_other(self) -> None:
        """Recipient, sender and message are screened together; neighbours must not add up to a term."""
        texts = innocent()
        random.Random(7).shuffle(texts)
        trios = [texts[start : start + 3] for start in range(0, len(texts), 3)]
        refused = [(category.value, trio) for trio in trios if (category := find_category(trio))]
        assert not refused, f"{len(refused)} of {len(trios)} trios refused: {refused}"


class TestHostilePrompts:
    def test_at_least_95_percent_are_caught_under_every_disguise(self) -> None:
        found = {sample: find_category([sample.text]) for sample in hostile()}
        missed = [sample for sample, category in found.items() if category is None]
        share = 1 - len(missed) / len(found)
        by_disguise = self._shares(list(found), missed)
        assert len(found) >= 250
        assert share >= 0.95, f"{share:.1%} of {len(found)} caught; {by_disguise}; missed {missed}"
        weak = {name: caught for name, caught in by_disguise.items() if caught < 0.8}
        assert not weak, f"disguises that work too often: {weak}"

    def test_the_category_is_the_right_one_in_95_percent(self) -> None:
        samples = [sample for sample in hostile() if find_category([sample.text])]
        wrong = [sample for sample in samples if find_category([sample.text]) != sample.category]
        assert len(wrong) <= len(samples) * 0.05, f"{len(wrong)} of {len(samples)} misfiled: {wrong}"

    def test_a_hostile_text_is_found_inside_an_innocent_one(self) -> None:
        texts, chance = innocent(), random.Random(11)
        samples = [sample for sample in hostile() if find_category([sample.text])]
        missed = [
            (before, sample.text, after)
            for sample in samples
            for before, after in [chance.sample(texts, 2)]
            if find_category([f"{before}\n{sample.text}\n{after}"]) is None
        ]
        assert len(missed) <= len(samples) * 0.02, f"{len(missed)} of {len(samples)} missed: {missed}"

    def _shares(self, samples: list[Hostile], missed: list[Hostile]) -> dict[str, float]:
        total = Counter(sample.disguise for sample in samples)
        lost = Counter(sample.disguise for sample in missed)
        return {name: round(1 - lost[name] / total[name], 3) for name in total}
