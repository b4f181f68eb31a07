"""Chinese synthesis: frames, names, numbers whose checks hold, and the two sides of the partition."""

import re
import subprocess
import sys
import time
from collections import Counter
from datetime import date
from random import Random

import pytest

from piispan.core import Document, LabelSet, choose_examples, shipped_examples
from piispan.dataset_builder import settings, synthesise
from piispan.dataset_builder.partitions import Partition, value_key
from piispan.dataset_builder.synthesis.accounts import luhn_digit
from piispan.dataset_builder.synthesis.cast import Cast
from piispan.dataset_builder.synthesis.chinese.dates import age, date_of, in_characters, written_date
from piispan.dataset_builder.synthesis.chinese.names import name_parts, reading, surname_reading
from piispan.dataset_builder.synthesis.chinese.numbers import (
    credit_code_check,
    grouped,
    identity_check,
    identity_number,
    organisation_check,
)
from piispan.dataset_builder.synthesis.chinese.people import ChinesePeople, ChinesePerson, County, counties
from piispan.dataset_builder.synthesis.frames import Choice, Part, Slot, load_frames
from piispan.dataset_builder.synthesis.grammar import load_rules
from piispan.dataset_builder.synthesis.identifiers import vin_check
from piispan.dataset_builder.synthesis.values import Values

LABELS = LabelSet.load("zh_pii")
FRAMES = [frame for setting in settings("zh") for frame in load_frames(setting, "zh")]
LOOK_ALIKES = {
    *("_ORDER", "_TRACKING", "_TICKET", "_CASE", "_CONTRACT", "_POLICY", "_INVOICE", "_BATCH", "_VERSION", "_MODEL", "_ICD", "_USCC"),
    *("_LAW", "_DRUG", "_HOLIDAY", "_HOLIDAY_DATES", "_PUBLIC_DATE", "_DATE", "_HOTLINE", "_AGE_LIMIT", "_MEETING", "_CODE6", "_SERIAL"),
    *("_MASKED_ID", "_MASKED_PHONE", "_MASKED_CARD", "_MASKED_NAME", "_MASKED_PLATE", "_APPROVAL"),
}
TITLE = re.compile(r"(先生|女士|医生|大夫|主任|老师|师傅|律师|经理|警官|教授|科长|董事长|同志|老人|同学)")


@pytest.fixture(scope="module")
def corpus() -> list[Document]:
    return list(synthesise(5000, seed=11, language="zh"))


def values(documents: list[Document], label: str) -> list[str]:
    return [d.value(s) for d in documents for s in d.spans if s.label == label]


def parts_of(parts: tuple[Part, ...]) -> list[str | Slot]:
    """Every text and slot, those in choices too."""
    found = [part for part in parts if not isinstance(part, Choice)]
    return found + [p for part in parts if isinstance(part, Choice) for option in part.options for p in parts_of(option)]


def slots_of(parts: tuple[Part, ...]) -> list[Slot]:
    return [part for part in parts_of(parts) if isinstance(part, Slot)]


def test_frames_are_many_and_cover_every_label() -> None:
    assert len(settings("zh")) >= 20
    assert all(len(load_frames(setting, "zh")) >= 12 for setting in settings("zh"))
    assert len({frame.parts for frame in FRAMES}) == len(FRAMES) >= 300
    homes = {label: {frame.setting for frame in FRAMES if label in frame.labels} for label in LABELS.names}
    assert {label: len(where) for label, where in homes.items() if len(where) < 3} == {}
    assert {label for frame in FRAMES for label in frame.labels} == set(LABELS.names)


def test_frames_without_pii_and_with_look_alikes() -> None:
    assert all(any(not frame.labels for frame in load_frames(setting, "zh")) for setting in settings("zh"))
    assert sum(not frame.labels for frame in FRAMES) >= len(FRAMES) / 7
    assert sum(any(slot.label in LOOK_ALIKES for slot in slots_of(frame.parts)) for frame in FRAMES) >= len(FRAMES) / 5
    kinds = [{(s.key, s.kind) for s in slots_of(frame.parts) if s.label == "PERSON" and s.key} for frame in FRAMES]
    assert sum(len(pairs) > len({key for key, _ in pairs}) for pairs in kinds) >= 60


def test_frames_hold_no_bare_pii() -> None:
    surnames = "|".join(name_parts("all").surnames)
    named = re.compile(rf"\d{{5,}}|@|\d{{4}}年|(^|[^\w])(?!班主任)({surnames})({TITLE.pattern})")
    found = [(frame.group, text) for frame in FRAMES for text in parts_of(frame.parts) if isinstance(text, str) and named.search(text)]
    assert found == []


def test_vocabulary_refers_to_rules_that_exist() -> None:
    rules = load_rules("zh")
    used = {term.rule for productions in rules.values() for production in productions for term in production if term.rule}
    assert used - rules.keys() == {"name_slug"}
    fillers = {slot.label for frame in FRAMES for slot in slots_of(frame.parts) if slot.is_filler}
    assert {rule.split(".")[0] for rule in rules if rule.startswith("_")} - fillers == {"_HEADING", "_BOILERPLATE"}


def test_every_slot_has_values_on_both_sides() -> None:
    sides: tuple[Partition, ...] = ("train", "test")
    for side in sides:
        for seed in range(3):
            made = Values(Random(seed), "zh", side)
            for frame in FRAMES:
                made.begin()
                for slot in slots_of(frame.parts):
                    assert made.value(slot).strip() == made.value(slot) != "" if slot.key else made.value(slot), (frame.group, slot)


def test_synthesis_uses_every_label_and_frame(corpus: list[Document]) -> None:
    support = Counter(span.label for document in corpus for span in document.spans)
    assert set(support) == set(LABELS.names)
    assert min(support.values()) >= 50
    assert {document.group for document in corpus} == {frame.group for frame in FRAMES}
    assert 1 / 7 < sum(not document.spans for document in corpus) / len(corpus) < 0.35
    lengths = sorted(len(document.text) for document in corpus)
    assert lengths[0] < 15
    assert lengths[-1] > 300
    assert lengths[len(lengths) // 4] < 60
    for document in corpus:
        assert not re.search(r"[{}^]|\[\[|\]\]|<\w+>|#|  ", document.text), document.id


def test_offsets_are_those_of_the_values(corpus: list[Document]) -> None:
    shapes = {
        "ID_CARD": r"\d{6} ?\d{8} ?\d{3}[\dXx]",
        "PHONE_NUMBER": r"[（(+]*\d[\d（）() -]+\d(转\d{3,4})?",
        "BANK_CARD": r"\d[\d -]{14,24}\d",
        "PASSPORT": r"[A-Z]{1,2}\d{7,10}",
        "LICENSE_PLATE": r"[京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新][A-Z][· ]?[\dA-Z]{4,6}[警学挂港澳]?|使\d{6}",
        "VEHICLE_ID": r"L[0-9A-HJ-NPR-Z]{16}",
        "EMAIL": r"[a-z0-9._-]+@[a-z0-9.-]+\.[a-z]+",
        "MESSENGER_ID": r"[a-zA-Z0-9_-]{6,}",
        "IP_ADDRESS": r"(\d{1,3}\.){3}\d{1,3}|[0-9a-f:]+",
        "AGE": r"[\d一二三四五六七八九十两]+ ?(岁|周岁|个月|个月大|天|月龄)|\d+岁\d+个月",
        "MEDICAL_RECORD_NUMBER": r"[A-Z0-9-]{6,}",
        "SOCIAL_SECURITY_NUMBER": r"[A-Z0-9]{7,}",
        "EMPLOYEE_OR_STUDENT_ID": r"[A-Z0-9-]{5,}",
        "PERSON": r"[\u4e00-\u9fff]{1,10}|[\u4e00-\u9fff]\u3000[\u4e00-\u9fff]|[\u4e00-\u9fff]+·[\u4e00-\u9fff]+|[A-Za-z]+(,? [A-Za-z]+)*",
        "DATE": r"[\d一二三四五六七八九十〇年月日号/.: -]+|.*月.*[日号](（周.）|星期.|[上下中].*|凌晨.*|晚上.*|\d+时.*)?|.*农历..?月.*",
        "ADDRESS": r"[\u4e00-\u9fff\dA-Z -]{3,}",
    }
    assert shapes.keys() == set(LABELS.names)
    for label, shape in shapes.items():
        assert [value for value in values(corpus, label) if not re.fullmatch(shape, value)] == [], label


def test_identity_numbers_hold(corpus: list[Document]) -> None:
    assert identity_check("11010519491231002") == "X"  # the example of GB 11643-1999
    assert identity_check("44052418800101001") == "4"
    number = identity_number(Random(1), "110105", date(1949, 12, 31), female=True)
    assert number.startswith("11010519491231")
    codes = {county.code for county in counties()}
    assert len(codes) == len(counties()) >= 120
    for written in (found := values(corpus, "ID_CARD")):
        number = written.replace(" ", "").upper()
        assert identity_check(number[:17]) == number[17]
        assert number[:6] in codes
        assert date(1938, 1, 1) < date.fromisoformat(number[6:14]) < date(2026, 1, 1)
    assert any(written.endswith("x") for written in found)
    assert any(" " in written for written in found)


def test_bank_cards_pass_luhn(corpus: list[Document]) -> None:
    cards = [re.sub(r"\D", "", value) for value in values(corpus, "BANK_CARD")]
    assert all(luhn_digit(card[:-1]) == card[-1] for card in cards)
    assert {len(card) for card in cards} == {16, 19}
    assert sum(card.startswith("62") for card in cards) > 0.8 * len(cards)
    assert grouped("6222020000000000000", (6, 13)) == ["622202", "0000000000000"]


def test_credit_codes_hold_and_are_unlabelled(corpus: list[Document]) -> None:
    assert organisation_check("M000100Y") == "4"
    assert credit_code_check("91350100M000100Y4") == "3"  # the example of GB 32100-2015
    found = [
        (document, match)
        for document in corpus
        for match in re.finditer(r"(?<![0-9A-Z])(?:9[123]|5[12]|12)\d{6}[0-9A-Z]{9}[0-9A-HJ-NP-RTUWXY](?![0-9A-Z])", document.text)
        if not any(span.start < match.end() and match.start() < span.end for span in document.spans)
    ]
    assert len(found) > 50
    held = [credit_code_check(match[0][:17]) == match[0][17] and organisation_check(match[0][8:16]) == match[0][16] for _, match in found]
    assert sum(held) > 0.9 * len(held)  # order numbers can look the same


def test_vehicle_numbers_hold(corpus: list[Document]) -> None:
    assert all(vin_check(number) == number[8] for number in values(corpus, "VEHICLE_ID"))


def test_masked_values_laws_and_hotlines_are_unlabelled(corpus: list[Document]) -> None:
    assert not [d.id for d in corpus for s in d.spans if re.search(r"[*《》]|xxxx|某", d.value(s))]
    assert sum("*" in d.text for d in corpus) > 50
    hotlines = {"12345", "95588", "95533", "110", "120", "12315", "12333", "12366"}
    assert not [d.id for d in corpus for s in d.spans if s.label == "PHONE_NUMBER" and d.value(s) in hotlines]
    assert not [value for value in values(corpus, "PHONE_NUMBER") if value.startswith(("400", "800"))]


def test_no_title_inside_a_name(corpus: list[Document]) -> None:
    names = values(corpus, "PERSON")
    assert not [name for name in names if TITLE.search(name)]
    before_title = [d for d in corpus for s in d.spans if s.label == "PERSON" and TITLE.match(d.text, s.end)]
    assert len(before_title) > 500


def test_a_persons_values_agree() -> None:
    checked = 0
    for document in synthesise(3000, seed=3, language="zh", settings=["clinic_note", "forum_post"]):
        people = [document.value(span) for span in document.spans if span.label == "PERSON"]
        if document.group == "clinic_note/006":
            _, number, born, *_ = (document.value(span) for span in document.spans)
            if re.fullmatch(r"\d{4}\D\d\d\D\d\d\D?", born):
                assert re.sub(r"\D", "", born) == number.replace(" ", "")[6:14]
                checked += 1
        elif document.group == "clinic_note/010":
            number = next(document.value(span) for span in document.spans if span.label == "ID_CARD").replace(" ", "")
            assert ("（女，" in document.text) == (int(number[16]) % 2 == 0)
            checked += 1
        elif document.group == "forum_post/000" and "·" not in people[0] and people[0].isalpha():
            full, given = people
            assert full.endswith(given.removeprefix("小"))
            checked += 1
    assert checked > 150


def test_names_have_every_form() -> None:
    people = ChinesePeople(Random(0), "all")
    home = County("110101", "北京市东城区")
    person = ChinesePerson("欧阳", "建国", "", False, date(1960, 1, 2), home)
    uyghur = ChinesePerson("买买提", "阿迪力江", "·", False, date(1990, 1, 2), home)
    tibetan = ChinesePerson("", "扎西卓玛", "", True, date(1990, 1, 2), home)
    hong_kong = ChinesePerson("Wong", "Ka Ho", " ", False, date(1990, 1, 2), home)
    kinds = ("full", "family", "given")
    assert [people.name(person, kind) for kind in kinds] == ["欧阳建国", "欧阳", "建国"]
    assert [people.name(uyghur, kind) for kind in kinds] == ["阿迪力江·买买提", "阿迪力江", "阿迪力江"]
    assert [people.name(tibetan, kind) for kind in kinds] == ["扎西卓玛", "扎西卓玛", "扎西卓玛"]
    assert [people.name(hong_kong, kind) for kind in kinds] == ["Ka Ho Wong", "Wong", "Ka Ho"]
    assert {people.name(person, "pinyin") for _ in range(50)} == {"Ouyang Jianguo", "OUYANG JIANGUO", "Jianguo Ouyang", "Ouyang, Jianguo"}
    assert {people.name(person, "nick") for _ in range(50)} == {"老欧阳", "小欧阳"}
    with pytest.raises(KeyError):
        people.name(person, "initials")


def test_children_stand_behind_their_keys() -> None:
    people = ChinesePeople(Random(0), "all")
    cast = Cast(people, {"kid": people.draw_child, "old": people.draw_elder})
    assert min(cast.person(f"old{number}").age for number in range(200)) > 60
    assert max(cast.person(f"kid{number}").age for number in range(200)) < 18 < min(cast.person(str(number)).age for number in range(200))
    assert cast.person("kid1") is cast.person("kid1")
    cast.begin()
    assert len({cast.person("") for _ in range(5)}) == 5


def test_each_side_has_surnames_and_given_names() -> None:
    train, test = name_parts("train"), name_parts("test")
    for side in (train, test):
        assert len(set(side.surnames)) >= 60
        assert all(len(set(names)) >= 100 for names in side.given.values())
        assert all(given for given, _, _ in side.others)
    assert not set(train.surnames) & set(test.surnames)
    assert not {surname_reading(name) for name in train.surnames} & {surname_reading(name) for name in test.surnames}
    given = [{reading(name) for names in side.given.values() for name in names} for side in (train, test)]
    assert not given[0] & given[1]


def test_partitions_share_no_value() -> None:
    streams = (synthesise(6000, seed=21, partition="train", language="zh"), synthesise(3000, seed=22, partition="test", language="zh"))
    train, test = ({(value_key(d.value(s)), s.label) for d in stream for s in d.spans} for stream in streams)
    assert not train & test
    assert {label for _, label in train} == {label for _, label in test} == set(LABELS.names)


def test_synthesis_is_the_same_everywhere() -> None:
    code = "from piispan.dataset_builder import synthesise; print([(d.id, d.text, d.spans) for d in synthesise(60, seed=9, language='zh')])"
    here = str([(d.id, d.text, d.spans) for d in synthesise(60, seed=9, language="zh")])
    run = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code],
        env={"PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert run.stdout.strip() == here
    assert list(synthesise(60, seed=9, language="zh")) == list(synthesise(80, seed=9, language="zh"))[:60]


def test_numbers_in_characters() -> None:
    assert [in_characters(n) for n in (1, 10, 12, 20, 36, 99)] == ["一", "十", "十二", "二十", "三十六", "九十九"]
    for outside in (0, 100):
        with pytest.raises(ValueError, match=f"from 1 to 99, was: {outside}"):
            in_characters(outside)


def test_what_is_said_of_ages_and_years_holds() -> None:
    checked = Counter[str]()
    for document in synthesise(
        9000, seed=13, language="zh", settings=["tax_social_security", "personnel_file", "job_resume", "clinic_note"]
    ):
        of = {label: [document.value(span) for span in document.spans if span.label == label] for label in LABELS.names}
        if document.group == "tax_social_security/005" and of["AGE"][0][:2].isdigit():
            assert int(of["AGE"][0][:2]) == 2025 - int(of["ID_CARD"][0].replace(" ", "")[6:10]) > 60
            checked["elder"] += 1
        elif document.group in ("personnel_file/012", "personnel_file/022"):
            born, worked = (re.match(r"(\d{4})", value) for value in of["DATE"][:2])
            if born and worked:
                assert 18 <= int(worked[1]) - int(born[1]) <= 25
                checked["work"] += 1
        elif document.group in ("clinic_note/013", "job_resume/009"):
            assert re.search(r"^.{4}年$", of["DATE"][0])
            checked["year"] += 1
    assert min(checked.values()) > 50
    assert checked.keys() == {"elder", "work", "year"}


def test_a_time_that_follows_a_date_is_inside_it(corpus: list[Document]) -> None:
    clock = re.compile(r"\s?(凌晨|早上|上午|中午|下午|晚上|\d{1,2}[:：点时])")
    assert not [d.id for d in corpus for s in d.spans if s.label == "DATE" and clock.match(d.text, s.end)]


def test_dates_are_written_in_many_ways() -> None:
    rng, day = Random(4), date(2023, 5, 12)
    forms = {written_date(rng, day) for _ in range(400)}
    wanted = {"2023年5月12日", "二〇二三年五月十二日", "2023-05-12", "5月12日", "5月12号", "5月12日（周五）", "五月十二号", "20230512"}
    assert wanted <= forms
    assert {written_date(rng, day, "lunar") for _ in range(50)} == {"2023年农历五月十二", "农历五月十二"}
    assert "1961年农历腊月廿三" in {written_date(rng, date(1961, 12, 23), "lunar") for _ in range(50)}
    assert "5月12日上午9点" in {written_date(rng, day, "moment") for _ in range(20_000)}
    ages = {age(rng, years=36) for _ in range(200)}
    assert ages == {"36岁", "36周岁", "36 岁", "三十六岁"}
    assert "1个月大" in {age(rng, "infant") for _ in range(500)}
    with pytest.raises(KeyError):
        date_of(rng, "century")


def test_worked_examples_show_every_label() -> None:
    shown = choose_examples(shipped_examples(LABELS), LABELS, 3)
    assert {span.label for document in shown for span in document.spans} == set(LABELS.names)
    cards = values(shown, "ID_CARD")
    assert all(identity_check(card[:17]) == card[17] for card in cards)
    assert all(luhn_digit(card[:-1]) == card[-1] for card in values(shown, "BANK_CARD"))
    assert all(vin_check(number) == number[8] for number in values(shown, "VEHICLE_ID"))


@pytest.mark.timed
def test_synthesis_is_fast() -> None:
    start = time.perf_counter()
    for _ in synthesise(2000, seed=1, partition="test", language="zh"):
        pass
    assert 2000 / (time.perf_counter() - start) > 1000
