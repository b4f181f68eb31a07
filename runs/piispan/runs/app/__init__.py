"""A page on this machine for one text at a time. Gradio is imported when the page is served, not before."""

from piispan.runs.app.serving import HOST, Listener, serve
from piispan.runs.app.session import Answer, Dial, Session, open_session

__all__ = ["HOST", "Answer", "Dial", "Listener", "Session", "open_session", "serve"]
