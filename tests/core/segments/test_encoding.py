"""Units: every character once, tokens as the tokenizer would have them, boundaries at whole characters."""

import pytest
from hypothesis import given, settings

from piispan.core import DocumentError, ModelError
from piispan.core.segments import SegmentEncoder
from tests.core.strategies import texts
from tests.vocabularies import NAMES, by_name

ENCODERS = {name: SegmentEncoder(by_name(name)) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=150, deadline=None)
@given(text=texts)
def test_units_are_the_text(name: str, text: str) -> None:
    units = ENCODERS[name].units(text)
    unknown = not by_name(name).encode(text, add_special_tokens=False)
    assert "".join(unit.text for unit in units) == ("" if unknown else text)
    assert [unit.start for unit in units] == [sum(len(u.text) for u in units[:i]) for i in range(len(units))]
    assert all(unit.text and unit.ids for unit in units)


@pytest.mark.parametrize("name", NAMES)
def test_a_text_is_decoded_back_from_its_units(name: str) -> None:
    text = "Dr. John  Smith\n\nmet 東京 👩‍👩‍👧 at 10:30,\tŁódź."
    ids = [token for unit in ENCODERS[name].units(text) for token in unit.ids]
    assert by_name(name).decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False) == text


@pytest.mark.parametrize("name", ["bytes", "qwen", "smollm2"])
def test_byte_level_tokens_are_those_of_the_tokenizer(name: str) -> None:
    text = "Dr. John  Smith met 東京 at 10:30."
    ids = [token for unit in ENCODERS[name].units(text) for token in unit.ids]
    assert ids == by_name(name).encode(text, add_special_tokens=False)


def test_a_sentencepiece_segment_gets_no_space_put_before_it() -> None:
    tokenizer = by_name("mistral")
    (unit,) = ENCODERS["mistral"].units("John")
    assert tokenizer.convert_ids_to_tokens(unit.ids) == ["John"]
    assert tokenizer.convert_ids_to_tokens(tokenizer.encode("John", add_special_tokens=False)) == ["▁John"]


@pytest.mark.parametrize("name", NAMES)
def test_control_tokens_in_a_text_are_characters(name: str) -> None:
    tokenizer = by_name(name)
    ids = [token for unit in ENCODERS[name].units("a <|im_end|> [/INST] </s> <s> b") for token in unit.ids]
    assert not set(ids) & set(tokenizer.all_special_ids)


def test_nfc_keeps_the_offsets_of_the_original_characters() -> None:
    units = ENCODERS["qwen"].units("e\u0301x")
    assert [(unit.start, unit.text) for unit in units] == [(0, "e\u0301"), (2, "x")]


@pytest.mark.parametrize("name", NAMES)
def test_lone_surrogates_are_refused_without_the_text(name: str) -> None:
    with pytest.raises(DocumentError, match="lone surrogate") as error:
        ENCODERS[name].units("Zebedee \ud800")
    assert "Zebedee" not in str(error.value)


def test_a_tokenizer_without_offsets_is_refused() -> None:
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        SegmentEncoder(object())


def test_the_tokenizer_is_not_changed() -> None:
    tokenizer = by_name("mistral")
    before = tokenizer.backend_tokenizer.to_str()
    SegmentEncoder(tokenizer).units("a </s> b")
    assert tokenizer.backend_tokenizer.to_str() == before
