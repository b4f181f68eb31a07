"""``piispan app``: a page on this machine to look at a tagger's work and to redact one text at a time."""

from typing import Annotated

import typer

from piispan.cli.options import Base, Decoder, OnlyLabels, OperatingPoint, Revision
from piispan.cli.redaction import KeyEnv, KeyFile

__all__ = ["serve_page"]


def serve_page(
    model: Annotated[str, typer.Argument(help="Adapter: folder or Hub id.")],
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of 127.0.0.1. Default: a free one.")] = None,
    label: OnlyLabels = None,
    decoder: Decoder = None,
    operating_point: OperatingPoint = False,
    revision: Revision = None,
    base: Base = None,
    key_file: KeyFile = None,
    key_env: KeyEnv = None,
) -> None:
    """Open a page on this machine to redact single texts.

    Nothing is stored, and nothing is sent elsewhere. An aid, not a legal determination: have the result checked.
    """
    from piispan.runs import AdapterSource
    from piispan.runs.app import Listener, open_session, serve
    from piispan.tagger import read_key

    with Listener(port) as listener:
        source = AdapterSource(model, only=label, revision=revision, base=base, decoder=decoder, operating_point=operating_point)
        key = read_key(file=key_file, environment=key_env)
        typer.echo("Loading the model.", err=True)
        session = open_session(source, key=key, begin_at_point=operating_point)
        typer.echo(f"The page: {listener.url} (Ctrl+C ends it)")
        serve(session, listener)
