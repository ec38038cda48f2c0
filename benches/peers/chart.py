"""Draws results as a bar chart: `chart.py [RESULTS.json] [-o CHART.svg]`."""

import argparse
from html import escape
from pathlib import Path

import common
from table import digits, label, load

WIDTH = 900
# Heights: of a bar, and of a row with the space below it.
BAR, STEP = 14, 20
LEFT, GAP, TOP, NAME = 24, 32, 64, 150
INK, GREY, PALE, OURS, BEST = "#1f2328", "#656d76", "#c9d1d9", "#1a7f64", "#7d93ad"
FONT = "font-family='system-ui, Segoe UI, Helvetica, Arial, sans-serif'"


def text(x, y, words, size=12, fill=INK, anchor="start", weight="normal"):
    return (f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' fill='{fill}' text-anchor='{anchor}'"
            f" font-weight='{weight}'>{escape(words)}</text>")


def panel(x, y, width, rows):
    """The bars of one net and number of threads, the fastest on top, with their times."""
    parts = []
    ordered = sorted(rows.values(), key=lambda row: row["wall"]["median_ms"])
    # Room for the time after the longest bar.
    scale = (width - NAME - 70) / ordered[-1]["wall"]["median_ms"]
    peer = next((row for row in ordered if row["engine"] not in common.OURS), None)
    for place, row in enumerate(ordered):
        top, time = y + place * STEP, row["wall"]["median_ms"]
        ours = row["engine"] in common.OURS
        fill = OURS if ours else BEST if row is peer else PALE
        weight = "bold" if ours else "normal"
        parts.append(text(x + NAME - 8, top + 11, label(row["engine"]), anchor="end", weight=weight))
        parts.append(f"<rect x='{x + NAME}' y='{top}' width='{max(1, time * scale):.1f}' height='{BAR}' rx='2' fill='{fill}'/>")
        parts.append(text(x + NAME + time * scale + 6, top + 11, f"{digits(time)} ms", fill=INK if ours else GREY, weight=weight))
    return parts


def draw(results, groups):
    counts = sorted({threads for _, threads in groups})
    width = (WIDTH - 2 * LEFT - GAP * (len(counts) - 1)) / len(counts)
    parts, y = [], TOP
    for column, threads in enumerate(counts):
        parts.append(text(LEFT + column * (width + GAP), TOP - 14, f"{threads} thread{'s' if threads > 1 else ''}", 14, GREY))
    for net in common.ALL:
        shown = {threads: groups[net, threads] for threads in counts if (net, threads) in groups}
        if not shown:
            continue
        parts.append(text(LEFT, y + 14, common.TITLES[net], 15, weight="bold"))
        for column, threads in enumerate(counts):
            if threads in shown:
                parts += panel(LEFT + column * (width + GAP), y + 26, width, shown[threads])
        y += 26 + STEP * max(map(len, shown.values())) + 18
    machine = results["machine"]
    note = f"{machine['cpu']}, {machine['cores']} cores, {results['date']}. Median of at least 15 runs; the fastest peer is darker."
    parts.append(text(LEFT, y + 8, note, 11, GREY))
    return "\n".join([
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{y + 24}' viewBox='0 0 {WIDTH} {y + 24}' {FONT}>",
        f"<rect width='{WIDTH}' height='{y + 24}' fill='#ffffff'/>",
        text(LEFT, 26, "One image, f32: milliseconds, shorter is faster", 17, weight="bold"),
        *parts, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="?", type=Path, default=common.FOLDER / "results.json")
    parser.add_argument("-o", "--output", type=Path, default=common.FOLDER / "chart.svg")
    options = parser.parse_args()
    options.output.write_text(draw(*load(options.results)))
    print(f"written to {options.output}")


if __name__ == "__main__":
    main()
