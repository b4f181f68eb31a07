"""``evaluate.load("./metric")`` in a checkout; what it loads is in the package."""

from piispan.metric.space.pii_span import PiiSpan

__all__ = ["PiiSpan"]
