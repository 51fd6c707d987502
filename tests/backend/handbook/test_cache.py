"""The built site is made once per content, whole or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from muscope.backend.handbook.cache import built_site, source_digest


def test_many_readers_build_one_site(tmp_path):
    with ThreadPoolExecutor(4) as threads:
        sites = list(threads.map(built_site, [tmp_path] * 4))

    assert len(set(sites)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [f"handbook-{source_digest()}"]


def test_a_site_that_is_there_is_not_built_again(tmp_path):
    site = built_site(tmp_path)
    (site / "en" / "index.html").write_text("kept")

    assert (built_site(tmp_path) / "en" / "index.html").read_text() == "kept"


def test_a_site_of_another_content_is_removed(tmp_path):
    (tmp_path / "handbook-0123456789abcdef").mkdir(parents=True)

    site = built_site(tmp_path)

    assert list(tmp_path.iterdir()) == [site]


def test_a_site_that_somebody_removed_is_built_again(tmp_path):
    site = built_site(tmp_path)
    site.rename(tmp_path / "elsewhere")

    assert (built_site(tmp_path) / "ja" / "index.html").is_file()
