"""``evaluate.load("./metric")`` in a checkout; what it loads is in the package."""

from piispan.metric.space.space import PiiSpan

__all__ = ["PiiSpan"]
