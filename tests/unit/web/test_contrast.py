"""Text of the style sheet can be read on what is behind it, in both themes (WCAG 2.2, 1.4.3: 4.5 to 1)."""

import re
from pathlib import Path

import pytest

SHEET = (Path(__file__).parents[3] / "importer/static/style.css").read_text()
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root \{(.*?)\}", SHEET, re.S)[:2]
)

PAIRS = [
    *((tone, f"{tone}-soft") for tone in ("good", "warn", "bad", "info")),
    *(("muted", behind) for behind in ("page", "card", "raised", "track", "warn-soft")),
    *(("text", behind) for behind in ("page", "card", "raised", "good-soft", "warn-soft", "bad-soft")),
    *(("accent", behind) for behind in ("page", "card", "raised", "warn-soft", "good-soft")),
    *(("bad", behind) for behind in ("card", "raised")),
    ("accent-strong", "accent-soft"),
    ("on-accent", "accent"),
    ("card", "bad"),
    ("page", "text"),
]
"""A text's colour, and the colour behind it."""


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, {**LIGHT, **DARK}], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "behind"), PAIRS)
def test_text_stands_out_from_what_is_behind_it(theme, text, behind):
    assert contrast(theme[text], theme[behind]) >= 4.5
