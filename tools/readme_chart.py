"""Draws the times of benches/record/README.md as the README's chart, for light and dark pages.

    tools/readme_chart.py        writes docs/pictures/times-light.svg and docs/pictures/times-dark.svg
"""

import re
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "benches/record/README.md"
FOLDER = ROOT / "docs/pictures"
OURS = "this project"

WIDTH, LEFT, TOP, ROW, BAR, NAME = 760, 16, 58, 52, 18, 110
COLOURS = {
    "light": {"paper": "#ffffff", "ink": "#15181c", "muted": "#4a525b", "ours": "#1a7f64", "peer": "#b4bcc5"},
    "dark": {"paper": "#15181c", "ink": "#f2f4f6", "muted": "#b4bcc5", "ours": "#2fa985", "peer": "#4f5a66"},
}


def times():
    """For each net, this project's time and the fastest peer with its time, in ms, on one thread."""
    lines = RECORD.read_text().split("#### 1 thread")[1].split("####")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    nets, table = rows[0][1:], {row[0]: row[1:] for row in rows[2:]}
    peers = [name for name in table if not name.startswith(OURS)]
    for column, net in enumerate(nets):
        peer = next(name for name in peers if table[name][column].startswith("**"))
        yield net, number(table[OURS][column]), peer, number(table[peer][column])


def number(cell):
    return float(re.match(r"\**([\d.]+)", cell).group(1))


def shown(ms):
    return f"{ms * 1000:.3g} µs" if ms < 0.1 else f"{ms:.3g} ms"


def draw(colours):
    rows = list(times())
    height = TOP + ROW * len(rows) + 6
    full = WIDTH - NAME - LEFT - 170
    parts = []

    def text(x, y, words, size=13, fill="ink", anchor="start", weight="normal"):
        parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colours[fill]}" text-anchor="{anchor}" '
                     f'font-weight="{weight}">{escape(words)}</text>')

    def bar(y, width, fill, words, weight):
        parts.append(f'<rect x="{NAME}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2" fill="{colours[fill]}"/>')
        text(NAME + width + 8, y + 14, words, fill="ink" if weight == "bold" else "muted", weight=weight)

    text(LEFT, 26, "Time of an image in f32, one thread, and that of the fastest of nine other engines", 15, weight="bold")
    text(LEFT, 44, "shorter is faster; each net has its own scale", 12, "muted")
    for index, (net, ours, peer, best) in enumerate(rows):
        y = TOP + index * ROW
        text(NAME - 10, y + 24, net, anchor="end", weight="bold")
        bar(y, full * ours / best, "ours", f"{shown(ours)}, this project", "bold")
        bar(y + BAR + 2, full, "peer", f"{shown(best)}, {peer}", "normal")
    title = "; ".join(f"{net}: {shown(ours)}, {peer} {shown(best)}" for net, ours, peer, best in rows)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img" '
        'font-family="Helvetica, Arial, \'DejaVu Sans\', sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="{colours["paper"]}"/>',
        *parts, "</svg>", ""])


def main():
    for theme, colours in COLOURS.items():
        path = FOLDER / f"times-{theme}.svg"
        path.write_text(draw(colours))
        print(f"written to {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
