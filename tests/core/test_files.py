"""Half a folder is never taken for a whole one."""

import errno
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from piispan.core import DataError, replacing_folder


def test_a_folder_takes_its_place_only_when_whole(tmp_path) -> None:
    target = tmp_path / "deep" / "adapter"
    with replacing_folder(target) as folder:
        (folder / "weights").write_text("1")
        assert not target.exists()
    assert (target / "weights").read_text() == "1"
    with replacing_folder(target) as folder:
        (folder / "weights").write_text("2")
        assert (target / "weights").read_text() == "1"
    assert (target / "weights").read_text() == "2"
    assert [path.name for path in target.parent.iterdir()] == ["adapter"]


def test_a_failure_leaves_what_was_there(tmp_path) -> None:
    target = tmp_path / "adapter"
    with replacing_folder(target) as folder:
        (folder / "weights").write_text("1")

    def run_out_of_space() -> None:
        with replacing_folder(target) as folder:
            (folder / "weights").write_text("2")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DataError, match="No space left on device"):
        run_out_of_space()
    assert (target / "weights").read_text() == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["adapter"]


def test_a_link_to_a_folder_is_followed_and_a_file_stays(tmp_path) -> None:
    (tmp_path / "large").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "large")
    with replacing_folder(tmp_path / "link") as folder:
        (folder / "weights").write_text("1")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "large" / "weights").read_text() == "1"
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="there is a file of that name"), replacing_folder(tmp_path / "file"):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "large", "link"]


def test_a_killed_run_leaves_no_adapter(tmp_path) -> None:
    script = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from piispan.core import replacing_folder
        with replacing_folder(Path(sys.argv[1])) as folder:
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
