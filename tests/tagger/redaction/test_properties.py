"""What holds for every text, spans and policy: only spans change, none stays unless its policy keeps it, and all can be put back."""

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from piispan.core import LabelSet, Span
from piispan.tagger import Policy, RedactionKey, Redactor, SealedText, TaggedText, without_overlap
from piispan.tagger.surrogates import KINDS
from tests.stub_tagger import StubTagger

KEY = RedactionKey(bytes(range(32)))
KEEPING = {"keep", "safe_harbor_age", "safe_harbor_date", "safe_harbor_zip"}
PIECES = [
    "Ada Lovelace", "Dr. Bo Ek", "Lovelace", "ada@example.org", "+44 20 7946 0000", "2019-03-04", "March 4, 1931", "93", "36 years old",
    "03601", "62704-1234", "4012888888881881", "192.168.0.1", "12 Main St, Springfield", "王小明", "2019年3月4日",
    "<PERSON>", "[AGE]", "*", "****",    "\n", "\t", "🧑🏽‍⚕️", "e\u0301", "\u202e", "\x00", "İ", "ß", " ", ", ",
]  # fmt: skip


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, list[Span], LabelSet, Policy]:
    pieces = draw(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=12)), min_size=1, max_size=8))
    labels = LabelSet.load(draw(st.sampled_from(LabelSet.shipped())))
    text, spans = "", []
    for piece in pieces:
        if piece and draw(st.booleans()):
            spans.append(Span(len(text), len(text) + len(piece), draw(st.sampled_from(labels.names))))
        text += piece
    if len(text) > 1 and draw(st.booleans()):
        start = draw(st.integers(0, len(text) - 2))
        spans.append(Span(start, draw(st.integers(start + 1, len(text))), draw(st.sampled_from(labels.names))))
    return text, spans, labels, draw(policies(labels))


RULES = st.one_of(
    st.sampled_from(
        ["replace", "redact", "keep", "hash", "encrypt", "surrogate", "safe_harbor_age", "safe_harbor_date", "safe_harbor_zip"]
    ).map(lambda name: {"operator": name}),
    st.builds(lambda new: {"operator": "replace", "new_value": new}, st.text(max_size=5)),
    st.builds(
        lambda count, end: {"operator": "mask", "masking_char": "*", "chars_to_mask": count, "from_end": end},
        st.integers(0, 40),
        st.booleans(),
    ),
    st.sampled_from(KINDS).map(lambda kind: {"operator": "surrogate", "kind": kind}),
)


def policies(labels: LabelSet) -> st.SearchStrategy[Policy]:
    shipped = st.sampled_from(Policy.shipped()).map(Policy.load)
    own: st.SearchStrategy[Mapping[str, object]] = st.fixed_dictionaries(
        {"name": st.just("own"), "default": RULES, "labels": st.dictionaries(st.sampled_from(labels.names), RULES, max_size=4)},
        optional={"categories": st.dictionaries(st.sampled_from("ABCDEFGHIJKLMNOPQR"), RULES, max_size=3), "date_order": st.just("dmy")},
    )
    return st.one_of(shipped, own.map(Policy.from_dict))


def check(text: str, spans: list[Span], labels: LabelSet, policy: Policy) -> None:
    class Tagger(StubTagger):
        pass

    Tagger.labels = labels
    redactor = Redactor(Tagger(), policy, key=KEY)
    tagged = TaggedText(tuple(spans))
    redaction = redactor.apply(text, tagged, scope="1")
    rules = policy.rules(labels)
    flat = without_overlap(spans, yields={label for label, rule in rules.items() if rule.operator == "keep"})

    # Characters outside spans are the same, in the same order, and each span has one replacement where the offsets say.
    outside = [text[left:right] for left, right in zip([0, *(s.end for s in flat)], [*(s.start for s in flat), len(text)], strict=True)]
    done = redaction.replacements
    now = [
        redaction.text[left:right]
        for left, right in zip([0, *(one.end for one in done)], [*(one.start for one in done), len(redaction.text)], strict=True)
    ]
    assert now == outside
    assert [(one.label, one.original) for one in done] == [(span.label, text[span.start : span.end]) for span in flat]
    assert redaction.spans == [Span(one.start, one.end, one.label) for one in done if one.start < one.end]

    # No span stays as it was unless its rule keeps it.
    for one in done:
        assert rules[one.label].operator in KEEPING or redaction.text[one.start : one.end] != one.original

    # Restore is exact, directly and by what a vault keeps; the redacted text itself is text.
    assert redaction.restore() == text
    assert SealedText.of(redaction).restore(redaction.text) == text
    redaction.text.encode("utf-8")
    if policy.name in ("replace", "mask", "hash", "surrogate", "safe_harbor"):
        assert redactor.apply(text, tagged, scope="1") == redaction


@pytest.mark.proof
def test_only_spans_change_none_stays_and_all_can_be_put_back(proof_scale) -> None:
    """500 cases in continuous integration, 5,000 in ``make proofs``."""
    found = settings(max_examples=500 * proof_scale, deadline=None, suppress_health_check=list(HealthCheck))(
        given(cases())(lambda case: check(*case))
    )
    found()
