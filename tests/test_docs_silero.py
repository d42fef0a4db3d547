"""The page about silero-vad says what its script prints."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from pathlib import Path

import pytest
from interchange.packages import cache, debian_package, package

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "silero.md").read_text(encoding="utf-8")
PRINTED = re.compile(r"^```text\n(.*?)^```", re.DOTALL | re.MULTILINE)
NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
RECORDINGS = {
    **{f"asterisk-core-sounds-{language}-wav": "1.6.1-" for language in ("en", "fr", "it", "ru")},
    "asterisk-moh-opsound-wav": "2.03-",
}


def test_the_page_about_silero_claims_no_number_that_its_script_does_not_print() -> None:
    (printed,) = PRINTED.findall(PAGE)
    known = {number.lstrip("+-") for number in NUMBER.findall(printed)}
    claims = re.sub(r"\d+\.\d+\.\d+", "", PAGE.replace(printed, ""))  # versions
    claims = claims[claims.index("## What was found") : claims.index("## The numbers")]
    said = set(re.findall(r"\d+\.\d+", claims)) - {"0.9"}  # the rule's own
    assert len(said) > 10
    assert said <= known


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.timeout(1500)  # as many downloads as there are packages
def test_the_page_about_silero_shows_what_its_script_prints() -> None:
    package("silero-vad", "6.2.3")
    for name, version in RECORDINGS.items():
        (changes,) = debian_package(name).rglob("changelog.Debian.gz")
        first = gzip.decompress(changes.read_bytes()).decode().partition("\n")[0]
        if f"({version}" not in first:
            pytest.skip(f"the page is about {name} {version}, and this machine's Debian has {first}")
    script = ROOT / "docs" / "examples" / "silero" / "clock.py"
    command = [sys.executable, str(script), "--cache", str(cache())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    (shown,) = PRINTED.findall(PAGE)
    assert NUMBER.sub("#", done.stdout) == NUMBER.sub("#", shown)
    for printed, expected in zip(NUMBER.findall(done.stdout), NUMBER.findall(shown), strict=True):
        digits = len(expected.partition(".")[2])
        # Another processor may round the last digit otherwise, which is no other number.
        assert abs(float(printed) - float(expected)) <= 1.01 * 10**-digits * (digits > 0), (printed, expected)
