"""Spans replaced by what ``presidio-anonymizer``'s operators make of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from piispan.core import RedactionError, Span, require_extra

__all__ = ["Operator", "check_operator", "redact_text", "without_overlap"]


@dataclass(frozen=True, slots=True)
class Operator:
    """An anonymizer of presidio-anonymizer and its parameters.

    Args:
        name: ``replace`` (by ``<LABEL>`` unless ``new_value`` is given), ``redact``, ``mask``, ``hash``,
            ``encrypt``, ``keep``, or any other that presidio-anonymizer knows.
        params: Parameters of that operator, by its own names.
    """

    name: str = "replace"
    params: Mapping[str, object] = field(default_factory=dict)


def check_operator(operator: Operator) -> None:
    """Try an operator on a made-up value, before any real work.

    Raises:
        RedactionError: If the operator or its parameters are unknown.
    """
    require_extra("tag", "presidio_anonymizer")
    _operate(operator, "value", "any label")


def without_overlap(spans: Sequence[Span]) -> list[Span]:
    """Overlapping spans joined into one that covers them all, under the label of the longest.

    Spans that only touch stay apart. The result is sorted.
    """
    joined: list[tuple[Span, Span]] = []  # (covering span, longest member)
    for span in sorted(spans, key=lambda s: (s.start, s.end)):
        if not joined or span.start >= joined[-1][0].end:
            joined.append((span, span))
            continue
        cover, longest = joined[-1]
        longest = max(longest, span, key=lambda s: s.end - s.start)
        joined[-1] = Span(cover.start, max(cover.end, span.end), longest.label, longest.score), longest
    return [cover for cover, _ in joined]


def redact_text(text: str, spans: Sequence[Span], operators: Mapping[str, Operator] | None = None) -> str:
    """``text`` with each span replaced; every character outside the spans stays as it is.

    Each span gets a replacement of its own: neighbours of one label are not merged, as
    presidio-anonymizer's engine would do.

    Args:
        text: The text.
        spans: Spans within the text; overlapping ones are joined first.
        operators: Operator by label; the key ``DEFAULT`` serves every other label (``replace``).

    Raises:
        RedactionError: If a span lies outside the text, or an operator or its parameters are unknown.
    """
    require_extra("tag", "presidio_anonymizer")
    chosen = operators or {}
    pieces, position = [], 0
    for span in without_overlap(spans):
        if span.end > len(text):
            raise RedactionError(f"span {span} lies outside the text of {len(text)} characters")
        operator = chosen.get(span.label, chosen.get("DEFAULT", Operator()))
        pieces += [text[position : span.start], _operate(operator, text[span.start : span.end], span.label)]
        position = span.end
    return "".join([*pieces, text[position:]])


def _operate(operator: Operator, value: str, label: str) -> str:
    from presidio_anonymizer.entities import InvalidParamError
    from presidio_anonymizer.operators import OperatorsFactory, OperatorType

    try:
        engine = OperatorsFactory().create_operator_class(operator.name, OperatorType.Anonymize)
        params = {**operator.params, "entity_type": label}
        engine.validate(params)
        return str(engine.operate(value, params))
    except InvalidParamError as error:
        raise RedactionError(f"operator {operator.name!r} for {label}: {error.err_msg}") from None
