"""Half an adapter is never taken for a whole one."""

import errno
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from piispan.core import DataError, Document, Span
from piispan.runs.artifacts import check_writable, documents_sha256, new_folder, write_json


def test_a_folder_takes_its_place_only_when_whole(tmp_path) -> None:
    target = tmp_path / "deep" / "adapter"
    with new_folder(target) as folder:
        (folder / "weights").write_text("1")
        assert not target.exists()
    assert (target / "weights").read_text() == "1"
    with new_folder(target) as folder:
        (folder / "weights").write_text("2")
        assert (target / "weights").read_text() == "1"
    assert (target / "weights").read_text() == "2"
    assert [path.name for path in target.parent.iterdir()] == ["adapter"]


def test_a_failure_leaves_what_was_there(tmp_path) -> None:
    target = tmp_path / "adapter"
    with new_folder(target) as folder:
        (folder / "weights").write_text("1")

    def run_out_of_space() -> None:
        with new_folder(target) as folder:
            (folder / "weights").write_text("2")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DataError, match="No space left on device"):
        run_out_of_space()
    assert (target / "weights").read_text() == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["adapter"]


def test_a_killed_run_leaves_no_adapter(tmp_path) -> None:
    script = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from piispan.runs.artifacts import new_folder
        with new_folder(Path(sys.argv[1])) as folder:
            (folder / "adapter_config.json").write_text("{}")
            print("written", flush=True)
            time.sleep(60)
        """
    )
    target = tmp_path / "adapter"
    process = subprocess.Popen([sys.executable, "-c", script, str(target)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "written\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert not target.exists()


def test_json_is_written_whole_or_not_at_all(tmp_path) -> None:
    path = tmp_path / "metrics.json"
    write_json(path, {"f1": 0.5})
    with pytest.raises(ValueError, match="Out of range float values"):
        write_json(path, {"f1": float("nan")})
    assert path.read_text() == '{\n  "f1": 0.5\n}\n'
    with pytest.raises(DataError, match="cannot be written"):
        write_json(path / "metrics.json", {})


def test_trying_a_folder_leaves_nothing(tmp_path) -> None:
    check_writable(tmp_path / "new" / "folder")
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        check_writable(tmp_path / "file")
    with pytest.raises(DataError, match="cannot be written"):
        check_writable(tmp_path / "file" / "folder")


def test_the_hash_of_documents_depends_on_their_spans_and_order() -> None:
    first, second = Document("a", "Ada", (Span(0, 3, "PERSON"),)), Document("b", "Ada")
    hashes = {documents_sha256(given) for given in ([first, second], [second, first], [first], [Document("a", "Ada"), second])}
    assert len(hashes) == 4
