"""A policy's operators, made ready for one document at a time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, cast

import yaml

from piispan.core import LabelSet, Span
from piispan.tagger.redaction.keys import DocumentSecrets
from piispan.tagger.redaction.policy import Policy
from piispan.tagger.redaction.rules import Rule, operate

if TYPE_CHECKING:
    from piispan.tagger.surrogates import Kind

__all__ = ["Operators"]

_AROUND = 200
"""Characters before and after a date that tell whether it is a birth's, or a time of the day."""

Replace = Callable[[Span], str | None]
"""What stands in a span's place; ``None`` for its placeholder."""


class Operators:
    """A policy's operators over a label set.

    Args:
        policy: The policy.
        labels: The label set; without one, rules count by label alone.

    Raises:
        LabelError: If the policy has a rule for a label that the set lacks.
    """

    def __init__(self, policy: Policy, labels: LabelSet | None = None) -> None:
        self.policy = policy
        self._rules = policy.rules(labels) if labels is not None else dict(policy.labels)
        self._default = policy.default
        self._year = policy.reference_year or date.today().year
        categories = {label.name: label.safe_harbor for label in labels or ()}
        self._kinds: dict[str, Kind] = {
            name: _kind(name, rule, categories.get(name)) for name, rule in self._rules.items() if rule.operator == "surrogate"
        }
        self._used = {self._default.operator, *(rule.operator for rule in self._rules.values())}

    def rule(self, label: str) -> Rule:
        """The rule of a label."""
        return self._rules.get(label, self._default)

    def for_document(self, text: str, spans: Sequence[Span], secrets: DocumentSecrets) -> Callable[[Span], str]:
        """What stands in the place of each span of a document.

        No span stays as it is unless its rule keeps it: where an operator would leave it so, or has nothing for it, the label stands.

        Args:
            text: The document.
            spans: All of its spans, flat and sorted.
            secrets: Keys of this document.
        """
        of_rule: dict[str, Replace] = {}
        if self._used & set(_SAFE_HARBOR):
            from piispan.tagger.safe_harbor import age_or_category, three_digits

            of_rule["safe_harbor_age"] = lambda span: age_or_category(_value(text, span))
            of_rule["safe_harbor_date"] = lambda span: self._year_or_category(text, span)
            of_rule["safe_harbor_zip"] = lambda span: three_digits(_value(text, span))
        if "surrogate" in self._used:
            from piispan.tagger.surrogates import DocumentSurrogates  # two dozen modules, for this operator only

            made = DocumentSurrogates(
                text,
                spans,
                self._kinds,
                secret=secrets.values,
                date_secret=secrets.dates,
                locale=self.policy.locale,
                date_order=self.policy.date_order,
            )
            of_rule["surrogate"] = made.surrogate

        def replacement(span: Span) -> str:
            rule, value = self.rule(span.label), _value(text, span)
            ours = of_rule.get(rule.operator)
            written = ours(span) if ours else operate(_keyed(rule, secrets), value, span.label)
            if written is None or (written == value and rule.operator not in _MAY_KEEP):
                return next(mark for mark in (f"<{span.label}>", f"[{span.label}]") if mark != value)
            return written

        return replacement

    def _year_or_category(self, text: str, span: Span) -> str | None:
        from piispan.tagger.safe_harbor import age_or_category, year_only

        value = _value(text, span)
        year = year_only(
            value,
            reference_year=self._year,
            before=text[max(0, span.start - _AROUND) : span.start],
            after=text[span.end : span.end + _AROUND],
        )
        # A label for dates may take in ages over 89, as paragraph (C) does; a younger age cannot be told from a day or a year.
        return year if year is not None or age_or_category(value) != _OVER_89 else _OVER_89


_SAFE_HARBOR = ("safe_harbor_age", "safe_harbor_date", "safe_harbor_zip")
_MAY_KEEP = ("keep", *_SAFE_HARBOR)
_OVER_89 = "90+"


def _value(text: str, span: Span) -> str:
    return text[span.start : span.end]


def _keyed(rule: Rule, secrets: DocumentSecrets) -> Rule:
    if rule.operator == "hash" and "salt" not in rule.params:
        return Rule("hash", {**rule.params, "salt": secrets.values})
    if rule.operator == "encrypt" and "key" not in rule.params:
        return Rule("encrypt", {**rule.params, "key": secrets.encryption})
    return rule


def _kind(label: str, rule: Rule, category: str | None) -> "Kind":
    by_label, by_category = _kinds()
    known = by_label.get(label) or by_category.get(category or "", "number")
    return cast("Kind", rule.params.get("kind", known))


@cache
def _kinds() -> tuple[Mapping[str, str], Mapping[str, str]]:
    table = yaml.safe_load((files("piispan.tagger.redaction") / "surrogate_kinds.yaml").read_text("utf-8"))
    return table["labels"], table["categories"]
