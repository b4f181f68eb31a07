"""Which kinds of identifier a label set leaves unseen."""

from piispan.core.labels import SAFE_HARBOR_CATEGORIES, Label, LabelSet
from piispan.tagger import NOT_A_DETERMINATION, categories_unseen


def test_the_shipped_safe_harbor_set_sees_all() -> None:
    assert categories_unseen(LabelSet.load("safe_harbor")) == {}


def test_what_has_no_label_is_named_in_order() -> None:
    labels = LabelSet("two", (Label("PHONE", "telephone number", "D"), Label("MOOD", "mood")))
    unseen = categories_unseen(labels)
    assert list(unseen) == [letter for letter in SAFE_HARBOR_CATEGORIES if letter != "D"]
    assert unseen["A"] == "Names"


def test_the_sentence_names_what_no_program_can_know() -> None:
    assert "no legal determination" in NOT_A_DETERMINATION
    assert "actual knowledge" in NOT_A_DETERMINATION
    assert "164.514(b)(2)(ii)" in NOT_A_DETERMINATION
    assert "\n" not in NOT_A_DETERMINATION
