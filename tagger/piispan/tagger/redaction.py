"""Spans replaced by what ``presidio-anonymizer``'s operators make of them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from piispan.core import RedactionError, Span, require_extra

if TYPE_CHECKING:
    from presidio_anonymizer.entities import OperatorConfig

__all__ = ["named_operator", "redact_text", "without_overlap"]


def named_operator(name: str) -> "OperatorConfig":
    """An operator of presidio-anonymizer that needs no parameters, tried on a made-up value before any real work.

    Raises:
        RedactionError: If there is no such operator, or it needs parameters.
    """
    require_extra("tag", "presidio_anonymizer")
    from presidio_anonymizer.entities import OperatorConfig

    operator = OperatorConfig(name)
    _operate(operator, "value", "any label")
    return operator


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


def redact_text(text: str, spans: Sequence[Span], operators: "Mapping[str, OperatorConfig] | None" = None) -> str:
    """``text`` with each span replaced; every character outside the spans stays as it is.

    Each span gets a replacement of its own: neighbours of one label are not merged, as
    presidio-anonymizer's engine would do.

    Args:
        text: The text.
        spans: Spans within the text; overlapping ones are joined first.
        operators: ``OperatorConfig`` of presidio-anonymizer by label: ``replace`` (by ``<LABEL>`` unless ``new_value`` is given),
            ``redact``, ``mask``, ``hash``, ``encrypt``, ``keep`` and its others.
            The key ``DEFAULT`` serves every other label (``replace``).

    Raises:
        RedactionError: If a span lies outside the text, or an operator or its parameters are unknown.
    """
    require_extra("tag", "presidio_anonymizer")
    from presidio_anonymizer.entities import OperatorConfig

    chosen = {"DEFAULT": OperatorConfig("replace"), **(operators or {})}
    for label, operator in chosen.items():
        if not isinstance(operator, OperatorConfig):
            raise RedactionError(f"operator for {label}: needs an OperatorConfig of presidio-anonymizer, not {type(operator).__name__}")
    pieces, position = [], 0
    for span in without_overlap(spans):
        if span.end > len(text):
            raise RedactionError(f"span {span} lies outside the text of {len(text)} characters")
        operator = chosen.get(span.label, chosen["DEFAULT"])
        pieces += [text[position : span.start], _operate(operator, text[span.start : span.end], span.label)]
        position = span.end
    return "".join([*pieces, text[position:]])


def _operate(operator: "OperatorConfig", value: str, label: str) -> str:
    from presidio_anonymizer.entities import InvalidParamError
    from presidio_anonymizer.operators import OperatorsFactory, OperatorType

    try:
        engine = OperatorsFactory().create_operator_class(operator.operator_name, OperatorType.Anonymize)
        params = {**operator.params, "entity_type": label}
        engine.validate(params)
        return str(engine.operate(value, params))
    except InvalidParamError as error:
        raise RedactionError(f"operator {operator.operator_name!r} for {label}: {error.err_msg}") from None
