"""``piispan app``: what is wrong is said in one line before any model is loaded."""

import socket

import pytest


def test_a_port_in_use(piispan, tmp_path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, out, err = piispan("app", tmp_path, "--port", port)
    assert (code, out) == (2, "")
    assert err.startswith(f"piispan: port {port}: cannot be taken (")
    assert err.count("\n") == 1


def test_a_folder_that_is_no_adapter(piispan, tmp_path) -> None:
    code, out, err = piispan("app", tmp_path)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1


def test_without_gradio_it_says_what_to_install(piispan, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("piispan.core.extras.find_spec", lambda name: None)
    code, _, err = piispan("app", tmp_path)
    assert (code, err) == (2, 'piispan: needs: pip install "piispan[app]" (missing: gradio)\n')
