"""The shared prefix of token sequences, chat encoding without a model, and missing extras."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piispan.core import FormatError, MissingExtraError, PiispanError, common_prefix, encode_chat, require_extra
from piispan.core.chat import TEMPLATE_OPTIONS


@given(st.lists(st.lists(st.integers(0, 2), max_size=6), max_size=4))
def test_common_prefix_is_the_longest(sequences):
    length = common_prefix(sequences)
    assert len({tuple(sequence[:length]) for sequence in sequences}) <= 1
    assert len({tuple(sequence[: length + 1]) for sequence in sequences}) != 1 or length == len(sequences[0])


@pytest.mark.parametrize(
    ("sequences", "length"), [([], 0), ([[1, 2]], 2), ([[1, 2], []], 0), ([[1, 2, 3], (1, 2, 4)], 2), ([[1], [1, 2]], 1)]
)
def test_common_prefix_by_hand(sequences, length):
    assert common_prefix(sequences) == length


class Recorder:
    chat_template = "{{ messages }}"

    def apply_chat_template(self, conversation, **options):
        self.seen = conversation, options
        return {"input_ids": (1, 2)}


def test_encode_chat_passes_template_options_on():
    recorder = Recorder()
    messages = ({"role": "user", "content": "x"},)
    always = {"tokenize": True, "add_generation_prompt": True, "return_dict": True, "sanitize_control_tokens": True}
    assert encode_chat(recorder, messages, add_generation_prompt=True) == [1, 2]
    assert recorder.seen[0] == list(messages)
    assert recorder.seen[1] == {**always, **TEMPLATE_OPTIONS}
    encode_chat(recorder, messages, add_generation_prompt=False, template_options={"enable_thinking": True, "date": "now"})
    assert recorder.seen[1]["add_generation_prompt"] is False
    assert recorder.seen[1] == {**always, **TEMPLATE_OPTIONS, "add_generation_prompt": False, "enable_thinking": True, "date": "now"}


@pytest.mark.parametrize("template", [None, ""])
def test_a_tokenizer_without_template_is_refused(template):
    recorder = Recorder()
    recorder.chat_template = template
    with pytest.raises(FormatError, match="no chat template; piispan needs a chat"):
        encode_chat(recorder, [], add_generation_prompt=True)


def test_missing_extra_says_what_to_install():
    with pytest.raises(MissingExtraError) as caught:
        require_extra("tag", "json", "no_such_module", "nor_this_one")
    assert str(caught.value) == 'needs: pip install "piispan[tag]" (missing: no_such_module, nor_this_one)'
    assert caught.value.extra == "tag"
    assert isinstance(caught.value, PiispanError)
    assert isinstance(caught.value, ImportError)
    require_extra("tag", "json", "email")
