import re
from collections import Counter, defaultdict
from itertools import islice
from random import Random

import pytest

from piispan.core import DataError, Document
from piispan.dataset_builder import settings, synthesise
from piispan.dataset_builder.synthesis.casting import Casting
from piispan.dataset_builder.synthesis.frames import Slot, load_frames
from piispan.dataset_builder.synthesis.labelling import known_labels
from piispan.dataset_builder.synthesis.long_documents import LONGEST, SHORTEST, life_events


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
    lengths = Counter(len(document.text) // 500 for document in documents)
    assert min(lengths[half] for half in (2, 3, 4)) > 40


@pytest.mark.parametrize(("language", "labels"), [(language, labels) for language in ("en", "zh") for labels in known_labels(language)])
def test_every_setting_can_be_long(language: str, labels: str) -> None:
    for setting in settings(language):
        for document in synthesise(4, seed=5, settings=[setting], long=1.0, language=language, labels=labels):
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


def frames_of(document: Document) -> list[str]:
    """The groups of the frames that a long document is made of."""
    setting, numbers = (document.provenance or "").split(" frame=")[1].split("/")
    return [f"{setting}/{number}" for number in numbers.split("+")]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_most_say_nothing_twice_and_the_longest_come_near_4000_characters(language: str) -> None:
    made = list(synthesise(300, seed=14, long=1.0, language=language))
    once = [document for document in made if max(Counter(frames_of(document)).values()) == 1]
    assert len(once) > 0.75 * len(made)
    for document in once:
        paragraphs = [part for part in document.text.casefold().split("\n") if len(part) > 60]
        assert len({part[:25] for part in paragraphs}) == len(paragraphs), document.id
    assert max(max(Counter(frames_of(document)).values()) for document in made) <= 4
    assert max(len(document.text) for document in made) > 3500


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_event_of_a_life_is_told_once(language: str) -> None:
    events = life_events(language)
    assert set(events) <= {frame.group for setting in settings(language) for frame in load_frames(setting, language)}
    told = 0
    for document in synthesise(200, seed=15, long=1.0, language=language):
        found = [events[group] for group in frames_of(document) if group in events]
        assert len(set(found)) == len(found), document.id
        told += bool(found)
    assert told > 30


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_person_has_one_number(language: str) -> None:
    casting, label = Casting(Random(3), language), {"en": "US_SSN", "zh": "PASSPORT"}[language]
    other = Slot("PERSON", "full", "2")
    frame = [
        Slot("PERSON", "full", "1"),
        ", ",
        Slot(label),
        ". ",
        Slot("PHONE_NUMBER"),
        other,
        Slot("PHONE_NUMBER"),
        Slot(label),
        Slot(label),
    ]
    for played in (casting.play(frame) for _ in range(20)):
        first, _, number, _, free, second, phone, theirs, surplus = played
        assert isinstance(first, Slot)
        assert isinstance(second, Slot)
        assert isinstance(number, Slot)
        assert isinstance(theirs, Slot)
        assert isinstance(phone, Slot)
        assert phone.key == second.key != first.key
        assert number.key == first.key
        assert theirs.key == second.key
        assert free == Slot("PHONE_NUMBER")  # a new sentence
        assert surplus == Slot(label)
    alone = casting.play([Slot(label)])
    assert isinstance(alone[0], Slot)
    assert alone[0].key == "cast0"


def test_parts_are_shared_out() -> None:
    for seed in range(20):
        casting = Casting(Random(seed), "en")
        firsts = Counter(slot.key for _ in range(40) for slot in casting.play([Slot("PERSON", "full", "1")]) if isinstance(slot, Slot))
        assert 3 <= len(firsts) <= 6
        assert max(firsts.values()) <= 30


def test_strangers_and_people_of_another_age_are_not_of_the_cast() -> None:
    casting = Casting(Random(1), "en")
    frame = [
        Slot("PERSON", "full", "1"),
        " ",
        Slot("AGE", "child"),
        Slot("PERSON", "full"),
        Slot("AGE", "elder"),
        Slot("PERSON", "given", "kid"),
    ]
    for _ in range(20):
        child, _, _, elder, _, kid = casting.play(frame)
        assert isinstance(child, Slot)
        assert not child.key.startswith("cast")
        assert elder == Slot("PERSON", "full")
        assert kid == Slot("PERSON", "given", "kidcast")
    played = casting.play([Slot("PERSON", "full", "1"), Slot("PERSON", "full"), Slot("US_SSN")], strangers=True)
    assert not [part for part in played if isinstance(part, Slot) and part.key.startswith("cast")]


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
