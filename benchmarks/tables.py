"""Figures as tables, as a drawing, and beside those that were recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

WORSE = 1.5
_FIGURES = ("build", "first answer", "p50", "p95", "p99", "questions a second", "memory", "bytes", "found")
_STEPS = ("read and cut", "encode")
_OWN = ("all", "update of 1 %", "delete", "merge", "open")
_SHARES = ("found", "recall of vectors", "recall of fused")


def table(run: dict[str, Any]) -> str:
    """Markdown: Youju's figures, and each peer's as a ratio to them."""
    lines = [f"{run['machine']}, {run['date']}"]
    for result in run["sizes"].values():
        lines += ["", *_peers(result), "", *_alone(result)]
    if "cold" in run:
        ours, other = run["cold"].values()
        lines += [
            "",
            f"`youju ask` {ours:.2f} s from its start, `import sentence_transformers` × {other / ours:.2f}",
        ]
    return "\n".join(lines)


def _peers(result: dict[str, Any]) -> list[str]:
    ours = systems(result)["Youju"]
    lines = [
        f"{result['passages']:,} passages{_busy(result)}",
        "",
        "| | " + " | ".join(_FIGURES) + " |",
        "|---|" + "---:|" * len(_FIGURES),
    ]
    lines.append("| Youju | " + " | ".join(shown(name, ours[name]) for name in _FIGURES) + " |")
    for name, theirs in systems(result).items():
        if "missing" in theirs:
            lines.append(f"| {name} | not measured: {theirs['missing']} |" + " |" * (len(_FIGURES) - 1))
        elif name != "Youju":
            cells = (
                shown(figure, theirs[figure])
                if figure in _SHARES
                else f"× {theirs[figure] / ours[figure]:.2f}"
                for figure in _FIGURES
            )
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def systems(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Figures by system; the memory of Youju is that of all its processes, as peers have but one."""
    ours = result["systems"]["Youju"]
    whole = {"memory": max(ours["memory"], ours["memory with workers"])}
    return result["systems"] | {"Youju": ours | whole}


def _busy(result: dict[str, Any]) -> str:
    """What else the machine did meanwhile, in cores, the least and the most for any system."""
    cores = result.get("busy", {}).values()
    return f"; {min(cores):.2f} to {max(cores):.2f} cores busy with other programs" if cores else ""


def _alone(result: dict[str, Any]) -> list[str]:
    """What no peer does: beside jieba cutting the same text, a thousand passages or the whole archive."""
    ours = result["systems"]["Youju"]
    whole = ours["jieba"] * result["passages"] / 1000
    steps = (f"{name} × {ours[name] / ours['jieba']:.2f}" for name in _STEPS)
    rest = (f"{name} {shown(name, ours[name])} (× {ours[name] / whole:.3f})" for name in _OWN)
    recall = (f"{name} {ours[name]:.3f}" for name in _SHARES[1:])
    memory = f"memory of the main process while indexing {shown('memory', ours['memory'])}"
    memory += f", while answering {shown('memory', ours['memory while answering'])}"
    memory += f", processor time of an answer {shown('p50', ours['processor'])}"
    jieba = f"jieba cuts a thousand passages in {ours['jieba']:.2f} s of one core, all in {whole:.0f} s"
    return [f"Youju alone ({jieba}; × 1 is that): " + ", ".join([*steps, *rest, memory, *recall])]


def shown(name: str, value: float) -> str:
    """A figure with its unit."""
    if name in ("memory", "bytes"):
        return f"{value / 2**20:,.0f} MiB"
    if name in _SHARES:
        return f"{value:.3f}"
    if name == "questions a second":
        return f"{value:,.0f}"
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:,.1f} s"


def check(run: dict[str, Any], before: dict[str, Any]) -> list[str]:
    """Where Youju has become worse than `WORSE` times the recorded ratio to a peer of the same run."""
    lines = []
    for size, result in run["sizes"].items():
        recorded = systems(before["sizes"][size]) if size in before["sizes"] else {}
        for peer, theirs in systems(result).items():
            if peer == "Youju" or "missing" in theirs or peer not in recorded or "missing" in recorded[peer]:
                continue
            for figure in ("build", "p50", "memory"):
                now = systems(result)["Youju"][figure] / theirs[figure]
                then = recorded["Youju"][figure] / recorded[peer][figure]
                if now > WORSE * then:
                    lines.append(f"{size} passages, {figure} against {peer}: {now:.3f}, recorded {then:.3f}")
    return lines


def growth(run: dict[str, Any], target: Path) -> None:
    """Draw time and memory of every system against the number of passages."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator

    drawing = Figure(figsize=(11, 4.4), layout="constrained")
    panels = drawing.subplots(1, 3)
    titles = {"build": "build, seconds", "p50": "warm answer (p50), milliseconds", "memory": "memory, MiB"}
    units = {"build": 1.0, "p50": 1e-3, "memory": 2.0**20}
    names = {name for result in run["sizes"].values() for name in result["systems"]}
    for panel, (figure, title) in zip(panels, titles.items(), strict=True):
        for name in sorted(names, key=lambda name: (name != "Youju", name)):
            points = [
                (result["passages"], systems(result)[name][figure] / units[figure])
                for result in run["sizes"].values()
                if figure in result["systems"].get(name, {})
            ]
            bold = 2.5 if name == "Youju" else 1.0
            panel.plot(*zip(*sorted(points), strict=True), marker="o", label=name, linewidth=bold)
        panel.set(xscale="log", yscale="log", xlabel="passages", title=title)
        panel.xaxis.set_major_formatter("{x:,.0f}")
        panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.yaxis.set_major_formatter("{x:,.4g}")
        panel.yaxis.set_minor_formatter("")
        panel.grid(visible=True, alpha=0.3)
    drawing.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(names))
    drawing.savefig(target, metadata={"Date": None} if target.suffix == ".svg" else {})
