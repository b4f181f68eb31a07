"""A Hub on this machine, over real HTTP: ``huggingface_hub``, ``datasets``, ``evaluate`` and ``transformers`` push to it and pull from it.

It shows that the clients' requests are understood and that what they get back satisfies them: repositories of models, data sets and
Spaces, commits that happen as a whole or not at all, large files by way of LFS, tags, revisions, byte ranges, one account with one token.
``LoopbackHub.faults`` makes requests fail in the ways of a bad network or a busy server, and ``uploads`` and ``headers`` hold all that was
ever sent to it, so that a test can search them for what must not leave the machine.

It cannot show what the real server adds: xet storage (clients run with ``HF_HUB_DISABLE_XET=1``), uploads in many parts, redirects to
storage elsewhere, the server's own rules for a card's YAML, ``.gitattributes``, branches and pull requests, what real accounts and
tokens may do, how often one may ask (a 429 comes from a fault alone), the parquet conversion and the viewer, the Spaces' machines.

Where an exception depends on the address being https (``huggingface_hub`` takes a 401 of the real Hub's repositories for a missing
repository), the answer has the ``X-Error-Code`` that leads to the same exception.

A route is a method, a pattern, a function and who may use it (``server.ROUTES``); a request that no route answers gets 404 and stands in
``LoopbackHub.unanswered``.
"""

from tests.loopback_hub.commits import Commit
from tests.loopback_hub.faults import Fault
from tests.loopback_hub.hub import LoopbackHub

__all__ = ["Commit", "Fault", "LoopbackHub"]
