"""The exception tree. Every error is also the standard type its caller would expect.

No message ever holds a value of a text: texts are personal data. Messages name the document id,
the offsets, the file and the line instead.
"""

__all__ = [
    "CalibrationError",
    "CoverageError",
    "DataError",
    "DocumentError",
    "FormatError",
    "LabelError",
    "MissingExtraError",
    "ModelError",
    "PiispanError",
    "PiispanWarning",
    "RedactionError",
    "SidecarError",
    "SpanError",
    "TooLongError",
]


class PiispanError(Exception):
    """Base of every error this package raises on purpose."""


class PiispanWarning(UserWarning):
    """Something a careful user would want to know; the work goes on."""


class SpanError(PiispanError, ValueError):
    """A span that cannot be: empty, reversed, outside its text, overlapping another."""


class DocumentError(PiispanError, ValueError):
    """A document whose text or spans break a rule; names the document id and the offsets."""


class LabelError(PiispanError, ValueError):
    """A label that is not in the label set, or a label set that is not well formed."""


class FormatError(PiispanError, ValueError):
    """A document that an output format or prompt style cannot write."""


class CoverageError(PiispanError, ValueError):
    """Characters of a text that no window covers; names their offsets."""


class DataError(PiispanError, ValueError):
    """A file that cannot be read as what it should be; names the file and the line."""


class RedactionError(PiispanError, ValueError):
    """A span that cannot be replaced, or an operator that is unknown or given wrong parameters."""


class CalibrationError(PiispanError, ValueError):
    """An operating point that cannot be chosen or read: no bias passes, or an argument is out of its range."""


class SidecarError(PiispanError, ValueError):
    """A ``piispan.json`` that is missing, malformed, or asks for what cannot be honoured."""


class TooLongError(PiispanError, ValueError):
    """A document whose prompt and answer do not fit the model's context; names the document."""


class ModelError(PiispanError, OSError):
    """A model or adapter that cannot be found or loaded."""


class MissingExtraError(PiispanError, ImportError):
    """A dependency of an optional room that is not installed.

    Args:
        extra: Name of the extra in ``pip install "piispan[extra]"``.
    """

    def __init__(self, extra: str, hint: str = "") -> None:
        self.extra = extra
        super().__init__(f'needs: pip install "piispan[{extra}]"{hint}')
