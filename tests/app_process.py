"""Two pages in a process of their own, for a browser: ``python -m tests.app_process`` prints their addresses as one JSON line."""

import json
import sys
from threading import Thread
from time import sleep
from urllib.request import ProxyHandler, build_opener

from piispan.core import LabelSet, Sidecar, get_format, make_prompt
from piispan.runs.app import Listener, Session, open_session, serve
from piispan.tagger import OperatingPoint, RedactionKey, Tagger, VerbatimDecoder
from tests.stub_tagger import StubSource

KEY = b"0123456789abcdef0123456789abcdef"
LABELS = LabelSet.load("presidio").subset(["PERSON", "PHONE_NUMBER"])
POINT = OperatingPoint(2.3, target_recall=0.9, delta=0.05, documents=60, calibration_recall=0.97, p_value=0.01)


def tiny_tagger() -> Tagger:
    """A tiny random model, decoded verbatim: it tags what it likes, the same each time, and more with more bias."""
    import torch

    from tests.tiny import tiny_llama, tiny_tokenizer

    torch.set_num_threads(1)
    prompt = make_prompt("plain", LABELS, get_format("tagged"))
    sidecar = Sidecar("tagged", "plain", LABELS, "tiny", operating_point=POINT.to_dict())
    return Tagger(VerbatimDecoder(tiny_llama(3).float(), tiny_tokenizer(), prompt), prompt, sidecar)


def answers(url: str) -> bool:
    try:
        return bool(build_opener(ProxyHandler({})).open(f"{url}config", timeout=30).read())
    except OSError:
        return False


def main() -> None:
    stub = open_session(StubSource())
    tiny = Session(tiny_tagger(), {"name": "tiny"}, key=RedactionKey(KEY))
    with Listener() as first, Listener() as second:
        Thread(target=serve, args=(stub, first), daemon=True).start()
        # Gradio keeps the page that is being built in one place for all threads.
        while not answers(first.url):
            sleep(0.1)
        sys.stdout.write(json.dumps({"stub": first.url, "tiny": second.url}) + "\n")
        sys.stdout.flush()
        serve(tiny, second)


if __name__ == "__main__":
    main()
