import re
from collections import Counter
from importlib.resources import files
from random import Random

import pytest
import yaml

from piispan.core import DataError, LabelSet
from piispan.dataset_builder import settings, synthesise
from piispan.dataset_builder.synthesis.dates import date_time
from piispan.dataset_builder.synthesis.frames import Frame, Slot, load_frames
from piispan.dataset_builder.synthesis.labelling import Labelling, Rule, fitting_frames, known_labels, load_labelling
from piispan.dataset_builder.synthesis.values import Values

FRAMES = [frame for setting in settings() for frame in load_frames(setting)]
SAFE_HARBOR = LabelSet.load("safe_harbor")


@pytest.mark.parametrize(
    ("label", "kind", "value", "expected"),
    [
        ("PERSON", "full", "Ada Bell", "NAME"),
        ("PERSON", "given", "Ada", "NAME"),
        ("TITLE", "", "Dr.", None),
        ("NRP", "religion", "Quaker", None),
        ("ORGANIZATION", "hospital", "Cedar Clinic", None),
        ("STREET_ADDRESS", "full", "4 Oak Lane, Ames, IA 50010", "LOCATION"),
        ("ZIP_CODE", "us", "50010", "LOCATION"),
        ("GPE", "city", "Ames", "LOCATION"),
        ("GPE", "state", "Iowa", None),
        ("GPE", "country", "Chile", None),
        ("GPE", "region", "Iowa", None),
        ("DATE_TIME", "date", "May 4, 2011", "DATE"),
        ("DATE_TIME", "birth", "05/04/1961", "DATE"),
        ("DATE_TIME", "moment", "2011-05-04 10:20", "DATE"),
        ("DATE_TIME", "month", "May 2011", "DATE"),
        ("DATE_TIME", "weekday", "Tuesday", "DATE"),
        ("DATE_TIME", "year", "2011", None),
        ("DATE_TIME", "time", "10:20", None),
        ("PUBLIC_DATE", "date", "May 4, 2011", None),
        ("AGE", "adult", "89", None),
        ("AGE", "adult", "90", "DATE"),
        ("AGE", "adult", "102", "DATE"),
        ("AGE", "adult", "ninety", "DATE"),
        ("AGE", "adult", "ninety-four", "DATE"),
        ("AGE", "adult", "eighty-nine", None),
        ("AGE", "child", "nine", None),
        ("AGE", "child", "9", None),
        ("PHONE_NUMBER", "", "515 555 0100", "PHONE"),
        ("PHONE_NUMBER", "fax", "515 555 0100", "FAX"),
        ("HOTLINE", "", "1-800-555-0100", None),
        ("EMAIL_ADDRESS", "", "ada@example.org", "EMAIL"),
        ("US_SSN", "", "123-45-6789", "SSN"),
        ("MEDICAL_RECORD_NUMBER", "", "0012345", "MEDICAL_RECORD_NUMBER"),
        ("HEALTH_PLAN_NUMBER", "mbi", "1EG4-TE5-MK73", "HEALTH_PLAN_NUMBER"),
        ("HEALTH_PLAN_NUMBER", "group", "712345-001", "HEALTH_PLAN_NUMBER"),
        ("ACCOUNT_NUMBER", "patient", "PA1234567", "ACCOUNT_NUMBER"),
        ("CREDIT_CARD", "", "4111 1111 1111 1111", "ACCOUNT_NUMBER"),
        ("IBAN_CODE", "", "GB82 WEST 1234 5698 7654 32", "ACCOUNT_NUMBER"),
        ("US_DRIVER_LICENSE", "", "A1234567", "LICENSE_NUMBER"),
        ("NPI", "", "1234567893", "LICENSE_NUMBER"),
        ("DEA_NUMBER", "", "AB1234563", "LICENSE_NUMBER"),
        ("VIN", "", "1M8GDM9AXKP042788", "VEHICLE_ID"),
        ("LICENSE_PLATE", "", "ABC 1234", "VEHICLE_ID"),
        ("DEVICE_ID", "implant", "PAB123456", "DEVICE_ID"),
        ("UDI", "", "(01)00614141007349", "DEVICE_ID"),
        ("DOMAIN_NAME", "", "example.org", "URL"),
        ("IP_ADDRESS", "v4", "10.0.0.1", "IP_ADDRESS"),
        ("BIOMETRIC_ID", "voice", "VP-12345-A", "BIOMETRIC_ID"),
        ("FACE_PHOTO", "", "IMG_1234.jpg", "FACE_PHOTO"),
        ("OTHER_ID", "study", "S-1234", "OTHER_ID"),
        ("_ORDER", "", "ORD-12345", None),
    ],
)
def test_safe_harbor_label_of_a_slot(label: str, kind: str, value: str, expected: str | None) -> None:
    assert load_labelling("safe_harbor").label(Slot(label, kind), value) == expected


def test_every_age_over_89_is_labelled_and_no_other() -> None:
    rule, made = load_labelling("safe_harbor"), Values(Random(2), "en", "all")
    words = {"ninety": 90} | {f"ninety-{one}": 90 for one in ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")}
    ages = {made.value(Slot("AGE", "adult")) for _ in range(3000)}
    assert len(ages) > 120
    for age in ages:
        years = int(age) if age.isdigit() else words.get(age, 0)
        assert (rule.label(Slot("AGE", "adult"), age) == "DATE") == (years > 89), age


def test_frames_of_each_set() -> None:
    assert known_labels("en") == ("presidio", "safe_harbor")
    for frame in FRAMES:
        assert any(load_labelling(labels).fits(frame) for labels in known_labels("en")), frame.group
    plain = [frame for setting in settings() for frame in fitting_frames(setting, "en", "presidio")]
    assert not [frame.group for frame in plain if frame.labels & {"MEDICAL_RECORD_NUMBER", "VIN", "NPI", "OTHER_ID", "URL"}]
    homes = {name: set[str]() for name in SAFE_HARBOR.names}
    labelling = load_labelling("safe_harbor")
    for setting in settings():
        for frame in fitting_frames(setting, "en", "safe_harbor"):
            for slot in frame.slots:
                if name := labelling.label(slot, "95" if slot.label == "AGE" else "x"):
                    homes[name].add(setting)
    assert min(len(found) for found in homes.values()) >= 3
    new = {"admission_form", "device_clinic", "billing_claim", "ambulance_report", "study_visit", "portal_message"}
    assert sum(len(fitting_frames(setting, "en", "safe_harbor")) for setting in new) >= 100
    assert not new & {document.id.split("-")[0] for document in synthesise(600, seed=1)}


def test_safe_harbor_documents_hold_all_18_labels_and_no_others() -> None:
    documents = list(synthesise(3000, seed=6, labels="safe_harbor"))
    support = Counter(span.label for document in documents for span in document.spans)
    assert set(support) == set(SAFE_HARBOR.names)
    assert min(support.values()) >= 10
    for document in documents:
        for span in document.spans:
            if span.label == "DATE":
                value = document.value(span).casefold()
                assert not re.fullmatch(r"(19|20)\d\d|[1-8]?\d", value), document.id
    assert any(not document.spans for document in documents)


def test_labels_leave_the_text_alone() -> None:
    fitting = ["legal_memo", "reference_letter"]  # settings whose frames all fit both sets
    assert all(fitting_frames(setting, "en", "presidio") == fitting_frames(setting, "en", "safe_harbor") for setting in fitting)
    for ours, theirs in zip(
        synthesise(300, seed=8, settings=fitting), synthesise(300, seed=8, settings=fitting, labels="safe_harbor"), strict=True
    ):
        assert (ours.id, ours.text, ours.group) == (theirs.id, theirs.text, theirs.group)
        assert {(span.start, span.end) for span in theirs.spans} <= {(span.start, span.end) for span in ours.spans}
        assert not {span.label for span in theirs.spans} & {"PERSON", "TITLE", "ORGANIZATION", "DATE_TIME"}


def test_a_kind_goes_before_its_label() -> None:
    labelling = Labelling({"A": Rule("X"), "A.b": Rule("Y"), "C": Rule("Z", re.compile(r"\d+"))}, ["_NO", "s/007"])
    assert [labelling.label(Slot("A", kind), "v") for kind in ("", "b", "c")] == ["X", "Y", "X"]
    assert [labelling.label(Slot("C"), value) for value in ("12", "12a")] == ["Z", None]
    assert labelling.fits(Frame("s", 0, (Slot("A"), Slot("_ANY"))))
    assert not labelling.fits(Frame("s", 0, (Slot("B"),)))
    assert not labelling.fits(Frame("s", 0, (Slot("A"), Slot("_NO"))))
    assert not labelling.fits(Frame("s", 7, (Slot("A"),)))


def test_what_a_set_goes_without_exists() -> None:
    known = {frame.group for frame in FRAMES} | {slot.label for frame in FRAMES for slot in frame.slots}
    for labels in known_labels("en"):
        found = yaml.safe_load((files("piispan.dataset_builder.synthesis") / "labellings" / "en" / f"{labels}.yaml").read_text("utf-8"))
        assert set(found.get("without", ())) <= known
        assert {name.split(".")[0] for name in found["slots"]} <= known


def test_a_date_of_every_kind_is_known() -> None:
    kinds = {slot.kind for frame in FRAMES for slot in frame.slots if slot.label in ("DATE_TIME", "PUBLIC_DATE")}
    rng = Random(1)
    assert all(date_time(rng, kind) for kind in kinds)
    labelling = load_labelling("safe_harbor")
    assert all(labelling.fits(Frame("s", 0, (Slot("DATE_TIME", kind),))) for kind in kinds - {""})


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"labels": "nato"}, "no frames of language 'en' for labels 'nato'; there are: presidio, safe_harbor"),
        ({"labels": "zh_pii"}, "no frames of language 'en' for labels 'zh_pii'"),
    ],
)
def test_labelling_refuses(options: dict[str, object], expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        synthesise(**{"count": 1, "seed": 0, **options})


def test_setting_without_a_frame_for_the_labels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from piispan.dataset_builder.synthesis import documents

    monkeypatch.setattr(documents, "fitting_frames", lambda *_: ())
    with pytest.raises(DataError, match="setting 'form' has no frame for labels 'presidio'"):
        synthesise(1, seed=0, settings=["form"])
