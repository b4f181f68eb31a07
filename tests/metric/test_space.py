"""The exported Space, in processes that know no other piispan: its ``evaluate`` module, and its page in a real browser."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from evaluate.loading import get_imports

import piispan.metric
from piispan.core import DataError, Document, Prediction, Span
from piispan.metric import export_space
from piispan.metric.space.hub_module import tree_digest
from tests.house.rooms import PYPROJECT, ROOT
from tests.loopback_hub import LoopbackHub

ALONE = [sys.executable, "-S"]
"""Python that reads no ``.pth`` file, so that an editable install of this checkout is not found."""
LIBRARIES = f"import sys; sys.path.append({sysconfig.get_paths()['purelib']!r}); "
PREAMBLE = LIBRARIES + "sys.path.insert(0, sys.argv[1]); "
NOT_REQUIRED = ("faker", "matplotlib", "peft", "torch", "transformers", "trl", "typer")
"""Dependencies of other rooms."""
LEAN = f"""
class Nowhere:
    def find_spec(self, name, path=None, target=None):
        if name in {NOT_REQUIRED!r}:
            raise ModuleNotFoundError(name=name)
sys.meta_path.insert(0, Nowhere())
"""

ROWS = {
    "predictions": [{"spans": [{"start": 5, "end": 8, "label": "PERSON"}]}],
    "references": [{"spans": [{"start": 5, "end": 12, "label": "PERSON"}]}],
}

PROGRAM = f"""
{LEAN}
import evaluate, json, piispan.metric
metric = evaluate.load(sys.argv[1] + "/pii_span.py")
rows = {ROWS!r}
alone = metric.compute(**rows, labels="presidio", resamples=20)
both = evaluate.combine({{"ours": metric, "again": evaluate.load(piispan.metric.path())}})
computed = both.compute(**rows, labels="presidio", resamples=20)
both.add(prediction=rows["predictions"][0], reference=rows["references"][0])
added = both.compute(labels="presidio", resamples=20)
print(json.dumps([piispan.metric.__file__, alone, computed, added]))
"""

LOAD = f"""
{LEAN}
import evaluate, json
metric = evaluate.load(sys.argv[1], **json.loads(sys.argv[2]))
import piispan.metric
scores = metric.compute(**{ROWS!r}, labels="presidio", resamples=20)
print(json.dumps([piispan.metric.__file__, sys.path, scores]))
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> Path:
    return export_space(tmp_path_factory.mktemp("space") / "new", "ada/pii_span")


def offline(folder: Path, **more: str) -> dict[str, str]:
    cache = {"HF_HOME": str(folder), "HF_MODULES_CACHE": str(folder / "modules"), "HF_HUB_OFFLINE": "1", "USE_TORCH": "0"}
    return {**os.environ, **cache, "GRADIO_ANALYTICS_ENABLED": "False", **more}


def test_it_scores_and_combines_without_an_installed_piispan(exported, tmp_path) -> None:
    command = [*ALONE, "-c", PREAMBLE + PROGRAM, str(exported)]
    done = subprocess.run(command, env=offline(tmp_path), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    place, alone, computed, added = json.loads(done.stdout.splitlines()[-1])
    assert place == str(exported / "piispan" / "metric" / "__init__.py")
    assert (alone["f1"], alone["f1_partial"], alone["recall"]) == (0.0, 0.5, 0.0)
    assert computed == added == {f"{name}_{key}": value for name in ("ours", "again") for key, value in alone.items()}


def run(program: str, environment: dict[str, str], path: str, *more: str, python: list[str] = ALONE) -> subprocess.CompletedProcess[str]:
    command = [*python, "-c", program, path, *more]
    return subprocess.run(command, env=environment, cwd=environment["HF_HOME"], capture_output=True, text=True, check=False)


def loaded(environment: dict[str, str], path: str = "ada/pii_span", *, python: list[str] = ALONE, **settings: str) -> tuple[Path, object]:
    """Where the code came from and the scores, in a process that finds no piispan, or in that of another Python."""
    done = run(LIBRARIES + LOAD, environment, path, json.dumps(settings), python=python)
    assert done.returncode == 0, done.stderr
    place, paths, scores = json.loads(done.stdout.splitlines()[-1])
    assert python != ALONE or str(Path(place).parents[2]) not in paths
    return Path(place), scores


def refusal(environment: dict[str, str], path: str = "ada/pii_span", program: str = LIBRARIES, **settings: str) -> str:
    """The last line of what ``evaluate.load`` raises."""
    done = run(program + LOAD, environment, path, json.dumps(settings))
    assert done.returncode == 1
    return done.stderr.splitlines()[-1]


def expected(version: str = piispan.metric.METRIC_VERSION) -> dict[str, object]:
    """The scores that the package gives in this process, with the signature of a version."""
    document = Document("a", "I am Mia Lee", (Span(5, 12, "PERSON"),))
    scores = piispan.metric.score([document], [Prediction("a", (Span(5, 8, "PERSON"),))], "presidio", resamples=20).to_dict()
    return {**scores, "signature": scores["signature"].replace(piispan.metric.METRIC_VERSION, version)}


def of_another_version(space: Path, target: Path) -> Path:
    """A copy of a Space as a later piispan writes it."""
    shutil.copytree(space, target)
    scores, module = target / "piispan" / "metric" / "scores.py", target / "pii_span.py"
    scores.write_text(scores.read_text("utf-8").replace(piispan.metric.METRIC_VERSION, "9.9.9"), "utf-8")
    text = module.read_text("utf-8").replace(tree_digest(space), tree_digest(target))
    module.write_text(text.replace(piispan.metric.METRIC_VERSION, "9.9.9"), "utf-8")
    return target


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub() as hub:
        yield hub


def client(hub: LoopbackHub, home: Path) -> dict[str, str]:
    return {**hub.environment(home), "HF_UPDATE_DOWNLOAD_COUNTS": "0", "USE_TORCH": "0"}


def test_the_hub_alone_is_enough_and_the_second_time_not_even_that(exported, hub, tmp_path) -> None:
    commit = hub.put("spaces/ada/pii_span", exported)
    environment = client(hub, tmp_path)
    place, scores = loaded(environment)
    assert place == tmp_path / "hub" / "spaces--ada--pii_span" / "snapshots" / commit / "piispan" / "metric" / "__init__.py"
    assert scores == expected()
    assert loaded({**environment, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "1"}) == (place, scores)
    asked = len(hub.requests)
    assert [request for request in hub.requests if "/api/spaces/" in request]
    assert loaded(environment) == (place, scores)
    assert not [request for request in hub.requests[asked:] if "/api/spaces/" in request]


def test_a_revision_gets_the_code_of_that_revision(exported, hub, tmp_path) -> None:
    old = hub.put("spaces/ada/pii_span", exported)
    new = hub.put("spaces/ada/pii_span", of_another_version(exported, tmp_path / "new"))
    (tmp_path / "home").mkdir()
    environment = client(hub, tmp_path / "home")
    for settings, commit, version in (({}, new, "9.9.9"), ({"revision": old}, old, piispan.metric.METRIC_VERSION)):
        place, scores = loaded(environment, **settings)
        assert commit in place.parts
        assert scores == expected(version)


def test_code_of_another_revision_is_refused(exported, hub, tmp_path) -> None:
    shutil.copytree(exported, tmp_path / "space")
    with (tmp_path / "space" / "piispan" / "core" / "spans.py").open("a", encoding="utf-8") as file:
        file.write("# tampered\n")
    hub.put("spaces/ada/pii_span", tmp_path / "space")
    assert refusal(client(hub, tmp_path)) == (
        "ImportError: ada/pii_span: its piispan/ is of another revision than this module; install the revision that you load: "
        'pip install "git+https://huggingface.co/spaces/ada/pii_span@REVISION"'
    )


def test_an_installed_piispan_is_used_and_nothing_else_fetched(exported, hub, tmp_path) -> None:
    hub.put("spaces/ada/pii_span", exported)
    place, scores = loaded(client(hub, tmp_path), python=[sys.executable])
    assert (place, scores) == (Path(piispan.metric.__file__), expected())
    assert not [request for request in hub.requests if "/api/spaces/" in request]


def test_an_installed_piispan_of_another_version_is_refused(exported, hub, tmp_path) -> None:
    hub.put("spaces/ada/pii_span", of_another_version(exported, tmp_path / "new"))
    installed = LIBRARIES + f"sys.path.insert(0, {str(exported)!r})\n"
    version = piispan.metric.METRIC_VERSION
    assert refusal(client(hub, tmp_path), program=installed) == (
        f"ImportError: ada/pii_span scores as piispan.metric 9.9.9, and {version} is installed or was imported before: "
        "load that by evaluate.load(piispan.metric.path()), or ada/pii_span where it is not installed"
    )


def test_a_folder_of_this_machine_has_its_own_code(exported, tmp_path) -> None:
    shutil.copytree(exported, tmp_path / "space")
    place, scores = loaded(offline(tmp_path), "./space/pii_span.py")
    assert place == tmp_path / "space" / "piispan" / "metric" / "__init__.py"
    assert scores == expected()


def test_out_of_reach_it_says_so_and_what_to_install(exported, tmp_path) -> None:
    shutil.copy(exported / "pii_span.py", tmp_path)
    said = refusal(offline(tmp_path), str(tmp_path / "pii_span.py"))
    assert said.startswith("ImportError: ada/pii_span: its code is not on this machine and cannot be fetched (")
    assert said.endswith('connect, or pip install "git+https://huggingface.co/spaces/ada/pii_span@REVISION"')


def test_evaluate_asks_for_all_that_the_code_needs(exported) -> None:
    imports = get_imports(str(exported / "pii_span.py"))
    assert {kind for kind, *_ in imports} == {"library"}
    asked = {where.replace("_", "-") for _, name, where, _ in imports if name not in sys.stdlib_module_names}
    assert asked == {re.split("[>=]", line)[0] for line in (exported / "requirements.txt").read_text("utf-8").split()} - {"gradio"}


def test_its_requirements_are_those_of_the_package(exported) -> None:
    extras = PYPROJECT["project"]["optional-dependencies"]
    requirements = (exported / "requirements.txt").read_text("utf-8").split()
    assert set(requirements) <= {*PYPROJECT["project"]["dependencies"], *extras["app"]}
    project = tomllib.loads((exported / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["dependencies"] == [one for one in requirements if not one.startswith("gradio")]
    card = (exported / "README.md").read_text("utf-8")
    front = yaml.safe_load(card.split("---")[1])
    assert f"gradio=={front['sdk_version']}\n" in (ROOT / "constraints.txt").read_text("utf-8")
    assert (exported / front["app_file"]).is_file()
    assert "you/pii_span" not in card
    assert 'evaluate.load("ada/pii_span")' in card


def test_it_can_be_installed(exported, tmp_path) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(exported)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [path.name.split("-")[0] for path in tmp_path.glob("*.whl")] == ["piispan_metric"]


def test_what_cannot_be_exported(tmp_path) -> None:
    for repo_id in ("pii_span", "ada/pii-span", "ada/", "a/b/c", "ada/1a"):
        with pytest.raises(DataError, match="repo_id must be owner/name"):
            export_space(tmp_path / "new", repo_id)
    for name in ("app", "class", "json", "piispan", *(re.split("[>=]", line)[0].replace("-", "_") for line in requirements())):
        with pytest.raises(DataError, match="is the name of another Python module"):
            export_space(tmp_path / "new", f"ada/{name}")
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    with pytest.raises(DataError, match="is not empty"):
        export_space(tmp_path, "ada/pii_span")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def requirements() -> list[str]:
    lines = (Path(piispan.metric.path()).parent / "requirements.txt").read_text("utf-8").split()
    return [line.replace("pyyaml", "yaml") for line in lines]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def page(exported, tmp_path_factory):
    """The page in headless Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine: install it to test the page (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    port, cache = free_port(), tmp_path_factory.mktemp("cache")
    program = PREAMBLE + "import runpy; runpy.run_path(sys.argv[1] + '/app.py', run_name='__main__')"
    environment = offline(cache, GRADIO_SERVER_PORT=str(port), no_proxy="127.0.0.1,localhost")
    server = subprocess.Popen([*ALONE, "-c", program, str(exported)], cwd=exported, env=environment)
    try:
        wait_for(f"http://127.0.0.1:{port}/", server)
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            tab = browser.new_page(viewport={"width": 1280, "height": 900})
            tab.set_default_timeout(30_000)
            tab.goto(f"http://127.0.0.1:{port}/")
            yield tab
            browser.close()
    finally:
        server.terminate()
        server.wait(20)


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert server.poll() is None, "the page's server stopped"
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise AssertionError("the page's server does not answer")


def seen(page, label: str) -> str:
    """The text of one of the two highlighted views, names of spans included."""
    return re.sub(r"\s+", " ", page.locator(".block", has=page.get_by_test_id("block-label").filter(has_text=label)).last.inner_text())


def await_output(page, text: str) -> None:
    deadline = time.monotonic() + 20
    while text not in page.get_by_label("Model output").input_value():
        assert time.monotonic() < deadline, "the model output did not change"
        page.wait_for_timeout(100)


def test_the_page_shows_the_errors_of_its_example(page) -> None:
    page.get_by_text("TITLE: spurious").first.wait_for()
    gold, said = seen(page, "Gold spans"), seen(page, "Spans of the output")
    for name in ("PERSON: partial", "GPE: incorrect (ORGANIZATION)", "AGE: missing", "PHONE_NUMBER: correct"):
        assert name.lower() in gold.lower()
    for name in ("PERSON: partial", "ORGANIZATION: incorrect (GPE)", "TITLE: spurious", "PHONE_NUMBER: correct"):
        assert name.lower() in said.lower()
    assert "25.0 %" in page.get_by_role("table").first.inner_text()


def test_the_page_compares_what_is_pasted(page) -> None:
    page.get_by_label("Source", exact=True).fill("Mia Lee of Rome")
    page.get_by_label("Gold tagging: the source with tags").fill("<PERSON>Mia Lee</PERSON> of <GPE>Rome</GPE>")
    page.get_by_label("Model output").fill("<PERSON>Mia Lee</PERSON> of <GPE>Roma</GPE>")
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("text drift: its text is not the source").wait_for()
    page.get_by_text("value not in source").wait_for()
    assert seen(page, "Gold spans").lower().count("missing") == 2


def test_the_page_refuses_a_gold_tagging_that_is_none(page) -> None:
    page.get_by_label("Source", exact=True).fill("Mia Lee of Rome")
    page.get_by_label("Gold tagging: the source with tags").fill("<PERSON>Mia Loo</PERSON> of Rome")
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("Nothing was compared: the gold tagging is not the source with tags in it").wait_for()
    assert page.get_by_role("table").count() == 0  # nothing of the comparison before is left
    assert "missing" not in seen(page, "Gold spans").lower()


def test_the_page_shows_the_right_answer_in_another_format(page) -> None:
    page.reload()
    page.get_by_text("TITLE: spurious").first.wait_for()
    page.get_by_label("Format of the output").click()
    page.get_by_role("option", name="json", exact=True).click()
    await_output(page, '"entity_type": "PERSON"')
    output = page.get_by_label("Model output")
    rows = json.loads(output.input_value())
    output.fill(json.dumps([*rows, {**rows[0], "entity_type": "TITLE"}]))
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("TITLE: spurious + PERSON: correct").wait_for()


def test_the_page_loads_nothing_from_elsewhere(page) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.reload()
    page.get_by_text("TITLE: spurious").first.wait_for()
    page.get_by_label("Format of the output").click()
    page.get_by_role("option", name="json", exact=True).click()
    await_output(page, '"entity_type": "PERSON"')
    image = {"entity_type": "![x](http://example.org/x.png)", "entity_value": "36", "start_position": 24, "end_position": 26}
    page.get_by_label("Model output").fill(json.dumps([image]))
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("unknown label").first.wait_for()
    page.wait_for_timeout(500)
    assert {host.split(":")[0] for host in hosts} == {"127.0.0.1"}
