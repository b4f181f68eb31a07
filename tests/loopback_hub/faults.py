"""Faults: what goes wrong with which requests."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.loopback_hub.messages import Answer, error_answer

# Of a 401 with other words, or with none, the client makes a missing repository, but only at an address of https.
_WORDS = {401: "Invalid credentials in Authorization header"}


@dataclass
class Fault:
    """What happens to the requests of a method whose path holds a pattern, the first ``times`` of them, or all with None.

    ``method`` is exact: a download asks HEAD first, then GET. ``path`` is searched in the quoted path, without the query.

    - ``status``: the request is not carried out; this is the answer, with ``headers``.
    - ``cut_after``: for a GET, the answer's headers and so many bytes of its body, then the connection is closed. For another, so many
      bytes of the request's body are read (all, if it is shorter), then the connection is closed; nothing is carried out or answered.
    - ``after``: the request is carried out, but its answer is lost: the connection is closed, or ``status`` is answered.
    - ``delay``: seconds before the answer, with any of these or alone. The request is carried out before the wait.
    """

    method: str
    path: str
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int | None = 1
    cut_after: int | None = None
    delay: float = 0.0
    after: bool = False
    fired: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.cut_after is not None and (self.after or self.status is not None):
            raise ValueError("a connection that is cut off has no status, and no request that is carried out")

    def meets(self, method: str, path: str) -> bool:
        """Whether it has times left and is meant for this request."""
        left = self.times is None or self.fired < self.times
        return left and method == self.method and bool(re.search(self.path, path))

    def answer(self) -> Answer | None:
        """The answer of its status."""
        return None if self.status is None else error_answer(self.status, _WORDS.get(self.status), self.headers)
