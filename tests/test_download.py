"""Downloading from a server on this machine, which behaves as servers do."""

import hashlib
import http.server
import shutil
import threading

import numpy as np
import pytest

from autotagging import cli, download

CONTENT = np.random.default_rng(0).bytes(1_000_000)
SHA_256 = hashlib.sha256(CONTENT).hexdigest()
FILE = download.RemoteFile("mp3.zip.001", len(CONTENT), SHA_256, "SHA-256")


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves ``server.content``; what else it does, the attributes of the server say."""

    def do_GET(self):
        """Answer one request."""
        server, content = self.server, self.server.content
        server.asked.append(self.headers.get("Range"))
        if server.answers:
            self.send_error(server.answers.pop(0))
            return
        start = 0
        asked = self.headers.get("Range")
        if asked and server.knows_ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        end = len(content)
        if server.drops:
            end = start + server.drops.pop(0)
        self.wfile.write(content[start:end])

    def log_message(self, *_):
        """Print nothing."""


@pytest.fixture
def server():
    """Return a running server."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.content, server.knows_ranges = CONTENT, True
    server.answers, server.drops, server.asked = [], [], []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}/data"
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def fetch(server, folder, file=FILE, tries=3):
    download.fetch(file, server.url, folder, tries=tries, pause=0)


def test_a_file_arrives_whole(server, tmp_path):
    fetch(server, tmp_path)
    assert (tmp_path / FILE.name).read_bytes() == CONTENT
    assert download.is_complete(FILE, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [FILE.name]


def test_a_dropped_connection_is_taken_up_where_it_broke(server, tmp_path):
    server.drops = [300_000, 400_000]
    fetch(server, tmp_path)
    assert (tmp_path / FILE.name).read_bytes() == CONTENT
    starts = [int(asked[6:-1]) for asked in server.asked[1:]]
    assert len(starts) == 2
    assert 200_000 < starts[0] <= 300_000 < starts[1]


def test_a_connection_that_is_dropped_always_is_one_sentence_and_the_next_run_goes_on(
    server, tmp_path
):
    server.drops = [500_000, 0, 0, 0]
    with pytest.raises(ValueError, match=r"dropped again and again; [\d,]+ of 1,000,000 bytes"):
        fetch(server, tmp_path)
    assert not (tmp_path / FILE.name).exists()
    server.drops, server.asked = [], []
    fetch(server, tmp_path)
    assert (tmp_path / FILE.name).read_bytes() == CONTENT
    assert server.asked[0] not in {None, "bytes=0-"}


def test_a_server_without_ranges_sends_all_again(server, tmp_path):
    server.knows_ranges = False
    server.drops = [300_000]
    fetch(server, tmp_path)
    assert (tmp_path / FILE.name).read_bytes() == CONTENT
    server.drops = [300_000, 200_000, 100_000]
    (tmp_path / FILE.name).unlink()
    with pytest.raises(ValueError, match="dropped again and again"):
        fetch(server, tmp_path, tries=2)
    assert not (tmp_path / FILE.name).exists()


def test_a_file_is_checked_by_the_kind_of_checksum_that_its_table_names(tmp_path):
    md5 = hashlib.md5(b"a", usedforsecurity=False).hexdigest()
    table = ["name,bytes,checksum,kind", f"a,1,{md5},MD5", "b,1,00,SHA-256"]
    (tmp_path / "files.csv").write_text("\n".join(table) + "\n")
    a, b = download.read_files(tmp_path / "files.csv")
    assert (a.name, a.size, a.kind) == ("a", 1, "MD5")
    for name in "ab":
        (tmp_path / name).write_text(name)
    assert download.is_complete(a, tmp_path)
    assert not download.is_complete(b, tmp_path)
    (tmp_path / "a").write_text("b")
    assert not download.is_complete(a, tmp_path)


def test_the_files_of_magnatagatune_are_the_genuine_ones(test_data):
    files = download.read_files(cli.REPOSITORY / "data" / "magnatagatune.csv")
    assert [file.name for file in files] == [
        "annotations_final.csv",
        "clip_info_final.csv",
        "mp3.zip.001",
        "mp3.zip.002",
        "mp3.zip.003",
    ]
    assert sum(file.size for file in files[2:]) == 2_972_769_864
    assert all(download.is_complete(file, test_data / "mtt") for file in files[:2])


def test_a_wrong_checksum_leaves_nothing(server, tmp_path):
    server.content = CONTENT[:-1] + b"x"
    with pytest.raises(ValueError, match="its SHA-256 is another"):
        fetch(server, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("change", [lambda content: content[:-1], lambda content: content + b"x"])
def test_a_file_of_another_size_is_refused_before_it_is_fetched(server, tmp_path, change):
    server.content = change(CONTENT)
    with pytest.raises(ValueError, match=r"has [\d,]+ bytes, not 1,000,000: nothing was kept"):
        fetch(server, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_not_there_is_one_sentence_naming_the_way_out(server, tmp_path):
    server.answers = [404]
    with pytest.raises(ValueError, match=r"answers 404 Not Found; .*--base-url"):
        fetch(server, tmp_path)
    assert not list(tmp_path.iterdir())
    assert len(server.asked) == 1  # no use to ask again


def test_a_server_that_is_busy_is_asked_again(server, tmp_path):
    server.answers = [503, 500]
    fetch(server, tmp_path)
    assert (tmp_path / FILE.name).read_bytes() == CONTENT
    server.answers = [503, 503, 503]
    with pytest.raises(ValueError, match="answers 503 Service Unavailable; nothing was kept"):
        fetch(server, tmp_path)


def test_a_part_that_is_longer_than_the_servers_file_is_fetched_again(server, tmp_path):
    part = tmp_path / f"{FILE.name}{download.ENDING}"
    part.write_bytes(CONTENT + b"too much")
    fetch(server, tmp_path)
    assert (tmp_path / FILE.name).read_bytes() == CONTENT
    server.content = CONTENT[:1000]
    part.write_bytes(CONTENT[:2000])
    with pytest.raises(ValueError, match="has 1,000 bytes, not 1,000,000: nothing was kept"):
        fetch(server, tmp_path)


def test_a_server_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"cannot be reached; nothing was kept"):
        download.fetch(FILE, "http://127.0.0.1:9/", tmp_path, tries=2, pause=0)


def test_a_disk_without_room_is_said_before_anything_is_fetched(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=999_999)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(ValueError, match="room for 999,999 bytes, 1,000,000 are needed"):
        download.check_room_for([FILE], tmp_path)
    (tmp_path / f"{FILE.name}{download.ENDING}").write_bytes(b"x")
    download.check_room_for([FILE], tmp_path)


def test_the_script_fetches_the_genuine_tables_and_names_what_a_server_lacks(
    server, run_script, test_data, tmp_path
):
    script, data = "aux_download_magnatagatune.py", tmp_path / "mtt"

    def serve(handler):
        handler.server.content = (test_data / "mtt" / handler.path.rsplit("/", 1)[1]).read_bytes()
        Handler.do_GET(handler)

    server.RequestHandlerClass = type("Tables", (Handler,), {"do_GET": serve})
    options = ["--data", data, "--base-url", server.url, "--tries", 1]
    answer = run_script(script, *options, "--no-audio")
    assert answer.returncode == 0, answer.stderr
    for name in ("annotations_final.csv", "clip_info_final.csv"):
        assert (data / name).read_bytes() == (test_data / "mtt" / name).read_bytes()
    answer = run_script(script, *options, "--no-audio")
    assert "nothing to do" in answer.stdout
    server.RequestHandlerClass = Handler
    server.answers = [404]
    answer = run_script(script, *options)
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert "mp3.zip.001: the server answers 404" in answer.stderr


@pytest.mark.parametrize("address", ["ftp://x/y", "file:///etc", "mirg", "https://"])
def test_an_address_that_is_none_is_refused(run_script, address, tmp_path):
    answer = run_script("aux_download_magnatagatune.py", "--data", tmp_path, "--base-url", address)
    assert answer.returncode == 2
    assert "is no http or https address" in answer.stderr
