"""The page: text in, highlights, redacted text and manifest out. Files are opened and saved in the browser, never on the server."""

import json
from importlib.resources import files
from typing import Any

import gradio as gr

from piispan.core import PiispanError
from piispan.runs.app.session import LONGEST, Dial, Session
from piispan.runs.app.views import bias_info, colour_map, coverage_note, pieces, said, span_table, summary

__all__ = ["build_page", "mount_page"]

_POLICIES = {
    "replace": "replace: by the label, <PERSON>",
    "mask": "mask: by asterisks",
    "hash": "hash: by a keyed hash",
    "surrogate": "surrogate: by made-up values",
    "safe_harbor": "safe_harbor: dates to the year, ZIP codes to three digits, the rest by the label",
    "encrypt": "encrypt: with your key",
}
_FONT = ("ui-sans-serif", "system-ui", "sans-serif")
_MONO = ("ui-monospace", "monospace")

Shown = tuple[Any, ...]
"""Updates of the page's outputs, in order."""


def build_page(session: Session) -> gr.Blocks:
    """The page over a session; see ``mount_page`` for the settings that belong to the server."""

    def run(text: str, policy: str, bias: float | None) -> Shown:
        try:
            answer = session.redact(text or "", policy, bias or 0.0)
        except PiispanError as error:
            return _nothing(said(f"Nothing was redacted: {error}.", wrong=True))
        if answer is None:
            return _nothing("")
        return (
            said(summary(answer, session.kept(policy))),
            gr.update(value=pieces(answer), color_map=colour_map(answer, session.labels)),
            span_table(answer),
            answer.redacted,
            json.dumps(answer.manifest, indent=2, ensure_ascii=False) + "\n",
            gr.update(interactive=True),
            gr.update(interactive=True),
        )

    page = gr.Blocks(title="piispan", analytics_enabled=False)
    with page:
        gr.Markdown(
            "# piispan\nFinds personal data in a text and replaces it, on this machine: nothing is sent elsewhere, nothing is stored."
        )
        gr.Markdown(coverage_note(session.labels), elem_id="coverage")
        with gr.Row():
            with gr.Column():
                text = gr.Textbox(
                    label="Text",
                    lines=16,
                    max_lines=16,
                    placeholder="Paste a text, or open a file.",
                    # A browser may send what it checks to a service of its maker.
                    html_attributes=gr.InputHTMLAttributes(spellcheck=False, autocomplete="off", autocorrect="off", autocapitalize="off"),
                )
                open_button = gr.Button("Open a text file", size="sm")
            with gr.Column():
                policy = gr.Radio(_offered(session), value=_first(session), label="Policy: what stands in the place of what was found")
                dial = _dial(session.dial)
                button = gr.Button("Redact", variant="primary")
                status = gr.HTML(elem_id="status")
        with gr.Row():
            with gr.Column():
                found = gr.HighlightedText(label="Found", show_legend=False, elem_id="found")
                table = gr.Markdown(max_height=440, elem_id="spans")
            with gr.Column():
                redacted = gr.Textbox(label="Redacted text", lines=9, max_lines=24, interactive=False, buttons=["copy"], elem_id="redacted")
                save_text = gr.Button("Save redacted text", size="sm", interactive=False)
                manifest = gr.Code(
                    language="json",
                    label="Audit manifest: counts and digests, no value of the text",
                    lines=9,
                    max_lines=18,
                    interactive=False,
                    buttons=[],
                    show_line_numbers=False,
                    wrap_lines=True,
                    elem_id="manifest",
                )
                save_manifest = gr.Button("Save audit manifest", size="sm", interactive=False)
        gr.on(
            [button.click, policy.change, dial.change],
            run,
            [text, policy, dial],
            [status, found, table, redacted, manifest, save_text, save_manifest],
            trigger_mode="always_last",
            concurrency_limit=1,
            api_visibility="private",
            show_progress="minimal",
            show_progress_on=[found],
        )
        # Not one of these calls reaches the server.
        page.load(None, js='() => piispan.readable("Redacted text")')
        open_button.click(None, [text, status], [text, status], js=f"(text, status) => piispan.open(text, status, {LONGEST})")
        save_text.click(None, [redacted], js='(text) => piispan.save(text, "redacted.txt", "text/plain")')
        save_manifest.click(None, [manifest], js='(text) => piispan.save(text, "redacted.manifest.json", "application/json")')
    return page


def mount_page(session: Session, app: Any) -> None:
    """Put the page at the root of a FastAPI application, with nothing from other hosts and no history of calls in the browser."""
    own = files("piispan.runs.app")
    gr.mount_gradio_app(
        app,
        build_page(session),
        path="/",
        theme=gr.themes.Default(font=_FONT, font_mono=_MONO),
        css=(own / "page.css").read_text("utf-8") + _mark(session.dial),
        head=f"<script>{(own / 'files.js').read_text('utf-8')}</script>",
        footer_links=[],
        run_history=False,  # it would keep every text in the browser
        show_error=False,  # an error of a library may quote what it was given
        enable_monitoring=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        max_file_size=1,  # bytes: nothing is uploaded
    )


def _offered(session: Session) -> list[tuple[str, str]]:
    known = [name for name in _POLICIES if name in session.policies]
    others = [name for name in session.policies if name not in _POLICIES]
    return [(_POLICIES.get(name, name), name) for name in [*known, *others]]


def _first(session: Session) -> str:
    return _offered(session)[0][1]


def _dial(dial: Dial | None) -> gr.Slider:
    shown = dial or Dial()
    return gr.Slider(
        shown.least,
        shown.most,
        shown.start,
        step=shown.step,
        label="Tag bias: precision to the left, recall to the right",
        info=bias_info(shown),
        visible=dial is not None,
        elem_id="dial",
    )


def _mark(dial: Dial | None) -> str:
    """The style that marks the operating point on the dial."""
    if dial is None or dial.point is None or not dial.least <= dial.point.tag_bias <= dial.most:
        return ""
    return f"\n#dial {{ --operating-point: {(dial.point.tag_bias - dial.least) / (dial.most - dial.least):.4f}; }}\n"


def _nothing(status: str) -> Shown:
    return status, gr.update(value=[], color_map={}), "", "", "", gr.update(interactive=False), gr.update(interactive=False)
