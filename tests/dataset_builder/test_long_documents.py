import re
from collections import Counter, defaultdict
from itertools import islice
from random import Random

import pytest

from piispan.core import DataError, Document
from piispan.dataset_builder import settings, synthesise
from piispan.dataset_builder.synthesis.frames import Slot, load_frames
from piispan.dataset_builder.synthesis.long_documents import LONGEST, SHORTEST, Casting


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return list(synthesise(500, seed=12, long=1.0))


def words(document: Document) -> list[str]:
    return [document.value(span).casefold() for span in document.spans if span.label == "PERSON"]


def test_long_documents_keep_their_length(documents: list[Document]) -> None:
    noisy = [*synthesise(150, seed=3, long=1.0, noise=1.0), *synthesise(150, seed=4, long=1.0, labels="safe_harbor")]
    for document in (*documents, *noisy):
        assert SHORTEST <= len(document.text) <= LONGEST, document.id
    assert SHORTEST == 1000
    assert LONGEST == 4000
    lengths = Counter(len(document.text) // 1000 for document in documents)
    assert min(lengths[thousand] for thousand in (1, 2, 3)) > 100


@pytest.mark.parametrize("setting", settings())
def test_every_setting_can_be_long(setting: str) -> None:
    for document in synthesise(2, seed=5, settings=[setting], long=1.0, labels="safe_harbor"):
        assert SHORTEST <= len(document.text) <= LONGEST
        assert document.spans


def test_people_of_long_documents_come_back_in_variants(documents: list[Document]) -> None:
    some_variants = titled = 0
    for document in documents:
        ways = defaultdict[str, set[str]](set)
        names = words(document)
        for name in names:
            for full in names:
                if name != full and re.search(rf"\b{re.escape(name)}\b", full):
                    ways[full].add(name)
        some_variants += bool(ways)
        titled += any(
            left.label == "TITLE" and right.label == "PERSON" for left, right in zip(document.spans, document.spans[1:], strict=False)
        )
    assert some_variants > 0.75 * len(documents)
    assert titled > 0.3 * len(documents)


def test_long_documents_say_what_they_are_made_of(documents: list[Document]) -> None:
    for document in documents:
        setting = document.id.split("-")[0]
        assert re.fullmatch(rf"{setting}-long-\d{{6}}", document.id)
        assert document.group == setting
        made = re.search(r" frame=(\w+)/([\d+]+)", document.provenance or "")
        assert made is not None
        assert made[1] == setting
        numbers = [int(number) for number in made[2].split("+")]
        assert len(numbers) > 3
        assert set(numbers) <= {frame.number for frame in load_frames(setting)}
    assert {document.group for document in documents} >= {"clinic_note", "legal_memo"}


def test_a_frame_comes_again_only_when_all_have_been_used(documents: list[Document]) -> None:
    for document in documents:
        setting = document.id.split("-")[0]
        numbers = (document.provenance or "").rsplit("/", 1)[1].split("+")
        most, least = max(Counter(numbers).values()), min(Counter(numbers).values())
        assert most - least <= 1
        assert most == 1 or len(set(numbers)) == len(load_frames(setting))


def test_short_documents_of_a_mixed_stream_are_those_of_a_short_one() -> None:
    short, mixed = list(synthesise(300, seed=7)), list(synthesise(300, seed=7, long=0.3))
    kept = [(one, two) for one, two in zip(short, mixed, strict=True) if "-long-" not in two.id]
    assert 180 < len(kept) < 240
    assert all((one.id, one.text, one.spans) == (two.id, two.text, two.spans) for one, two in kept)
    # Long documents share frames with the short ones, so a group is a whole setting, for both.
    assert all(two.group == two.id.split("-")[0] for two in mixed)
    assert all(one.group == f"{two.group}/{two.id.split('-')[1]}" for one, two in kept)


def test_mixed_stream_is_reproducible() -> None:
    options = {"seed": 9, "long": 0.4, "noise": 0.5}
    assert list(islice(synthesise(10**9, **options), 60)) == list(synthesise(60, **options))
    assert [d.provenance for d in synthesise(30, **options)] == [d.provenance for d in synthesise(60, **options)][:30]


def test_casting_gives_a_person_one_key_and_other_things_the_frame_s() -> None:
    casting = Casting(Random(1), "en")
    frame = [Slot("TITLE"), " ", Slot("PERSON", "family", "1"), ", ", Slot("EMAIL_ADDRESS", "", "1"), Slot("DATE_TIME", "date", "7")]
    first, second = casting.play(frame), casting.play(frame)
    for played in (first, second):
        title, _, person, _, mail, date = played
        assert isinstance(person, Slot)
        assert person.key.startswith("cast")
        assert title == Slot("TITLE", "", person.key)
        assert mail == Slot("EMAIL_ADDRESS", "", person.key)
        assert isinstance(date, Slot)
        assert not date.key.startswith("cast")
    assert first[-1] != second[-1]


def test_casting_gives_two_parts_of_a_frame_to_two_people() -> None:
    for seed in range(60):
        frame = [Slot("PERSON", "full", "1"), Slot("PERSON", "full", "2"), Slot("PERSON"), Slot("PERSON"), Slot("PERSON")]
        keys = [slot.key for slot in Casting(Random(seed), "en").play(frame) if isinstance(slot, Slot) and slot.key]
        assert len(set(keys)) == len(keys) >= 2


@pytest.mark.parametrize("name", ["long", "noise"])
@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_shares_are_from_0_to_1(name: str, share: float) -> None:
    with pytest.raises(DataError, match=f"{name} must be a share from 0 to 1, was: {share}"):
        synthesise(1, seed=0, **{name: share})
