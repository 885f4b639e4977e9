"""The picture of the READMEs: what `infra demo` leaves on a screen, as SVG.

    picture.py PATH_TO_INFRA FILE

The screen is that of tmux, with its colours; so the picture shows what a person sees, and nothing else.
"""

import html
import os
import pathlib
import re
import sys
import tempfile

from terminal import Terminal

COLUMNS = 84
CHARACTER, LINE, MARGIN = 8.4, 18, 14
FACE, BACK = "#d6dbe1", "#14181f"
COLOURS = {31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 36: "#76d9e6"}


def spans(line, style):
    """The pieces of a line, each with its style; a style goes on until it ends, on the next line as well."""
    for piece in re.split(r"(\x1b\[[0-9;]*m)", line):
        codes = re.fullmatch(r"\x1b\[([0-9;]*)m", piece)
        if not codes:
            if piece:
                yield piece, "".join(f' {name}="{value}"' for name, value in style.items())
            continue
        for code in map(int, codes.group(1).split(";") if codes.group(1) else [0]):
            if code == 0:
                style.clear()
            elif code == 1:
                style["font-weight"] = "bold"
            elif code == 2:
                style["opacity"] = "0.65"
            elif code == 39:
                style.pop("fill", None)
            elif code in COLOURS:
                style["fill"] = COLOURS[code]


def svg(lines):
    width, height = round(COLUMNS * CHARACTER + 2 * MARGIN), len(lines) * LINE + 2 * MARGIN
    rows, style = [], {}
    for number, line in enumerate(lines):
        text = "".join(f"<tspan{look}>{html.escape(piece)}</tspan>" for piece, look in spans(line, style))
        # Pictures lose spaces that stand together.
        text = re.sub(r">([^<]*)<", lambda found: found.group(0).replace(" ", "\u00a0"), text)
        rows.append(f'<text x="{MARGIN}" y="{MARGIN + number * LINE + 13}">{text}</text>')
    body = "\n".join(rows)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img">\n<title>infra demo</title>\n<rect width="{width}" height="{height}" rx="8" fill="{BACK}"/>\n'
        f'<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="{FACE}">'
        f'\n{body}\n</g>\n</svg>\n'
    )


def main():
    infra, picture = map(pathlib.Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        (folder / "bin").mkdir()
        (folder / "bin" / "infra").symlink_to(infra.resolve())
        variables = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
        terminal = Terminal("picture", COLUMNS, folder, variables)
        try:
            terminal.begins("infra demo")
            terminal.waits(lambda screen: "Enter goes ahead" in screen)
            terminal.key("Enter")
            terminal.code()
            lines = terminal.coloured().rstrip().split("\n")[:-1]
            first = next(number for number, line in enumerate(lines) if "infra apply" in line)
            lines = lines[first:]
        finally:
            terminal.close()
    picture.write_text(svg(lines))


main()
