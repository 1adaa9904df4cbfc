"""The report's charts: matplotlib to SVG that follows the page's colours and language.

Text stays text, so that the reader's own fonts draw it. A label is written as
its key between braces and becomes both languages afterwards; a colour is one of
INKS and becomes the page's variable, so that the charts turn dark with it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

INKS = {
    "words": "#101010",
    "vectors": "#202020",
    "fused": "#303030",
    "reranked": "#404040",
    "assistant": "#505050",
    "ink": "#606060",
    "faint": "#707070",
    "line": "#808080",
}
_STYLES = {
    "words": (0, (5, 2)),
    "vectors": (0, (1, 1.5)),
    "fused": "solid",
    "reranked": (0, (7, 1.5, 1, 1.5)),
    "assistant": "solid",
}
_KEY = re.compile(r"\{(\w+)\}")
_SIZE = (5.6, 3.3)  # inches

Label = Callable[[str], str]


def depth(curves: Mapping[str, Sequence[float]], label: Label) -> str:
    """Share of questions hit in the first 1, 2, 3 … passages, one curve a system, as SVG."""
    figure, axes = _figure()
    places = [1, 2, 3, 5, 10, 20, 50, 100]
    for name, curve in curves.items():
        wide = 2.4 if name in ("fused", "assistant") else 1.6
        axes.plot(range(1, len(curve) + 1), curve, color=_ink(name), lw=wide, ls=_STYLES.get(name, "solid"))
    axes.set_xscale("log")
    longest = max((len(curve) for curve in curves.values()), default=1)
    shown = [place for place in places if place <= longest]
    axes.set_xticks(shown, [str(place) for place in shown])
    axes.set_xticks([], minor=True)
    axes.set_xlim(1, max(longest, 2))
    axes.set_ylim(0, 1.02)
    _labels(axes, "depth_x", "share_y")
    return _svg(figure, "depth", label)


def refusal(points: Sequence[tuple[float, float]], now: tuple[float, float], label: Label) -> str:
    """Refused with reason (y) against refused without (x) as the threshold moves, and where it stands."""
    figure, axes = _figure()
    axes.plot([0, 1], [0, 1], color=INKS["line"], lw=1, ls=(0, (3, 3)))
    axes.plot(
        [x for x, _ in points],
        [y for _, y in points],
        color=_ink("assistant"),
        lw=2.4,
        drawstyle="steps-post",
    )
    axes.plot(*now, marker="o", ms=9, color=_ink("assistant"))
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.02)
    _labels(axes, "refusal_x", "refusal_y")
    return _svg(figure, "refusal", label)


def trust(bins: Sequence[tuple[float, float, int]], label: Label) -> str:
    """Share right (y) by mean confidence (x), the dots as large as their groups are."""
    figure, axes = _figure()
    axes.plot([0, 1], [0, 1], color=INKS["line"], lw=1, ls=(0, (3, 3)))
    axes.plot([x for x, _, _ in bins], [y for _, y, _ in bins], color=_ink("assistant"), lw=1.4)
    for x, y, size in bins:
        axes.plot(x, y, marker="o", ms=4 + min(size, 60) / 6, color=_ink("assistant"))
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.02, 1.04)
    _labels(axes, "trust_x", "trust_y")
    return _svg(figure, "trust", label)


def reliability(halves: Mapping[str, Sequence[tuple[float, float, int]]], label: Label) -> str:
    """Share that can be answered (y) by the chance that was said (x), one line a half of the questions.

    The threshold of refusal is set on the open half (dashed); the closed half reports.
    """
    figure, axes = _figure()
    axes.plot([0, 1], [0, 1], color=INKS["line"], lw=1, ls=(0, (3, 3)))
    for name, bins in halves.items():
        ink = _ink("words" if name == "open" else "assistant")
        style = (0, (5, 2)) if name == "open" else "solid"
        axes.plot([x for x, _, _ in bins], [y for _, y, _ in bins], color=ink, lw=1.6, ls=style)
        for x, y, size in bins:
            axes.plot(x, y, marker="o", ms=4 + min(size, 60) / 6, color=ink)
        if bins:
            axes.annotate(f"{{{name}}}", bins[-1][:2], xytext=(-4, 8), textcoords="offset points", color=ink)
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.02, 1.04)
    _labels(axes, "reliability_x", "reliability_y")
    return _svg(figure, "reliability", label)


def latency(times: Mapping[str, Sequence[float]], label: Label) -> str:
    """Boxes of milliseconds a question, one system a line, on a logarithmic axis."""
    figure, axes = _figure(height=0.9 + 0.5 * len(times))
    for place, (name, values) in enumerate(reversed([*times.items()])):
        low, first, middle, third, high = np.percentile(values, [5, 25, 50, 75, 95])
        axes.plot([low, high], [place, place], color=_ink(name), lw=1.4)
        axes.plot([first, third], [place, place], color=_ink(name), lw=11, solid_capstyle="butt", alpha=0.45)
        axes.plot([middle, middle], [place - 0.26, place + 0.26], color=_ink(name), lw=2.4)
        axes.text(high * 1.15, place, f"{middle:.3g}", va="center", color=INKS["ink"], fontsize=10)
    axes.set_yticks(range(len(times)), [f"{{{name}}}" for name in reversed([*times])])
    axes.set_xscale("log")
    axes.set_ylim(-0.6, len(times) - 0.4)
    low, high = axes.get_xlim()
    axes.set_xlim(low, high * 2)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xticks([], minor=True)
    axes.grid(axis="y", visible=False)
    _labels(axes, "latency_x", "")
    return _svg(figure, "latency", label)


def _figure(*, height: float = _SIZE[1]) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_SIZE[0], height), layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(INKS["line"])
    axes.tick_params(colors=INKS["faint"], length=0, labelsize=10)
    axes.grid(color=INKS["line"], lw=0.6, alpha=0.5)
    axes.set_axisbelow(True)
    figure.patch.set_visible(False)
    axes.patch.set_visible(False)
    return figure, axes


def _labels(axes: Any, x: str, y: str) -> None:
    axes.set_xlabel(f"{{{x}}}", color=INKS["faint"], fontsize=10)
    if y:
        axes.set_title(f"{{{y}}}", color=INKS["faint"], fontsize=10, loc="left")


def _ink(name: str) -> str:
    return INKS.get(name, INKS["ink"])


def _svg(figure: Any, name: str, label: Label) -> str:
    import matplotlib

    file = io.StringIO()
    # the salt makes the file's ids, and with them its bytes, the same every time
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    drawn = file.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", drawn, count=1)
    drawn = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", drawn, count=1)
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r"font: [^;\"]*", "font-size: 10px", drawn)
    for variable, ink in INKS.items():
        drawn = drawn.replace(ink, f"var(--{variable})")
    return _KEY.sub(lambda match: label(match.group(1)), drawn)
