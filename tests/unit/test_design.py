"""What code and tests say about docs/design.md."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
REFERENCE = re.compile(r"docs/design\.md, rules? ([\d, ]+(?:(?:and|to) \d+)?)")


def test_every_rule_that_is_referred_to_is_in_the_design():
    written = set(
        re.findall(r"^(\d+)\. ", (ROOT / "docs/design.md").read_text().split("## Rules")[1], re.MULTILINE)
    )
    named = {
        number
        for folder in ("importer", "jobs", "tests")
        for path in (ROOT / folder).rglob("*.py")
        for numbers in REFERENCE.findall(path.read_text())
        for number in re.findall(r"\d+", numbers)
    }
    assert named
    assert named <= written
