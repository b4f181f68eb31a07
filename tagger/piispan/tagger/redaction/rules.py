"""One operator with its parameters: presidio-anonymizer's, and those that it lacks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from piispan.core import RedactionError, require_extra

if TYPE_CHECKING:
    from presidio_anonymizer.entities import OperatorConfig

__all__ = ["OURS", "Rule", "operate"]

OURS = ("safe_harbor_age", "safe_harbor_date", "safe_harbor_zip", "surrogate")
"""Operators that presidio-anonymizer lacks."""
_OF_PRESIDIO = ("encrypt", "hash", "keep", "mask", "redact", "replace")
_A_WHOLE_VALUE = 1000
"""Characters from which a mask is meant for the whole of any value."""
_SECRETS = {"encrypt": "key", "hash": "salt"}
_TRIAL: Mapping[str, Mapping[str, object]] = {"hash": {"salt": bytes(32)}}
_PARAMS = {
    "replace": {"new_value"},
    "mask": {"masking_char", "chars_to_mask", "from_end"},
    "hash": {"hash_type"},
    "surrogate": {"kind"},
}


@dataclass(frozen=True, slots=True)
class Rule:
    """An operator and its parameters.

    Args:
        operator: ``replace``, ``redact``, ``mask``, ``hash``, ``encrypt`` or ``keep`` of presidio-anonymizer, ``surrogate``, or one of
            the rules of Safe Harbor: ``safe_harbor_date``, ``safe_harbor_age``, ``safe_harbor_zip``.
        params: Its parameters, as presidio-anonymizer names them; keys are never among those of a file.
    """

    operator: str
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_dict(cls, row: object, where: str) -> "Rule":
        """The rule of ``{"operator": name, **parameters}``, or of the operator's name alone.

        Raises:
            RedactionError: If the operator or a parameter is unknown or wrong, or a parameter is a secret.
        """
        if isinstance(row, str):
            row = {"operator": row}
        if not isinstance(row, Mapping) or not isinstance(row.get("operator"), str):
            raise RedactionError(f"{where}: needs an operator")
        name = row["operator"]
        params = {str(key): value for key, value in row.items() if key != "operator"}
        if name not in (*OURS, *_OF_PRESIDIO):
            raise RedactionError(f"{where}: no operator named {name!r}; known: {', '.join(sorted((*OURS, *_OF_PRESIDIO)))}")
        if _SECRETS.get(name) in params:
            raise RedactionError(
                f"{where}: {name} takes its {_SECRETS[name]} from a key file or an environment variable, never from a policy"
            )
        if unknown := sorted(params.keys() - _PARAMS.get(name, set())):
            known = ", ".join(sorted(_PARAMS.get(name, set()))) or "none"
            raise RedactionError(f"{where}: {name} has no parameter {', '.join(unknown)}; known: {known}")
        if "kind" in params:
            _check_kind(params["kind"], where)
        rule = cls(name, params)
        if name == "mask" or (name in _OF_PRESIDIO and params):
            operate(Rule(name, {**params, **_TRIAL.get(name, {})}), "value", where)
        return rule

    @classmethod
    def of_presidio(cls, operator: "OperatorConfig", label: str) -> "Rule":
        """The rule of an ``OperatorConfig``; its own key or salt stays its own.

        Raises:
            RedactionError: If it is none.
        """
        require_extra("tag", "presidio_anonymizer")
        from presidio_anonymizer.entities import OperatorConfig

        if not isinstance(operator, OperatorConfig):
            raise RedactionError(f"operator for {label}: needs an OperatorConfig of presidio-anonymizer, not {type(operator).__name__}")
        return cls(operator.operator_name, operator.params)

    def to_dict(self) -> dict[str, object]:
        """The rule as it stands in YAML, without a key or salt."""
        return {"operator": self.operator, **{name: value for name, value in self.params.items() if name != _SECRETS.get(self.operator)}}

    @property
    def keeps(self) -> bool:
        """Whether it lets values stay, whole or in part, that no rule of Safe Harbor would."""
        return self.operator == "keep" or (self.operator == "mask" and self.params.get("chars_to_mask", 0) < _A_WHOLE_VALUE)

    @property
    def lacks_key(self) -> bool:
        """Whether it encrypts with a key that is yet to be given."""
        return self.operator == "encrypt" and "key" not in self.params


def _check_kind(kind: object, where: str) -> None:
    from piispan.tagger.surrogates import KINDS

    if kind not in KINDS:
        raise RedactionError(f"{where}: kind must be one of {', '.join(KINDS)}, was: {kind!r}")


def operate(rule: Rule, value: str, label: str) -> str:
    """What an operator of presidio-anonymizer makes of a value.

    Raises:
        RedactionError: If there is no such operator, or a parameter is missing or wrong.
    """
    require_extra("tag", "presidio_anonymizer")
    from presidio_anonymizer.entities import InvalidParamError
    from presidio_anonymizer.operators import OperatorsFactory, OperatorType

    try:
        engine = OperatorsFactory().create_operator_class(rule.operator, OperatorType.Anonymize)
        params = {**rule.params, "entity_type": label}
        engine.validate(params)
        return str(engine.operate(value, params))
    except InvalidParamError as error:
        raise RedactionError(f"operator {rule.operator!r} for {label}: {error.err_msg}") from None
