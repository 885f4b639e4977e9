//! What a plan reaches as a picture: left to right from what is needed to what needs it. The layout is our own: columns
//! by depth, ordered so that few lines cross, with a gap in every column that a long line passes.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::blast::{Drawn, Hit, Lot, Reach, class, drawn, edges, left_out, shown};
use super::palette::in_both;
use super::plan_html::html;
use crate::address::Address;

/// How wide a column of the monospaced letters is, rounded up, and how high a line, in pixels.
const COLUMN: usize = 8;
const LINE: usize = 18;
/// Around the text in a box, and between boxes of one column.
const GAP: usize = 12;
/// Between columns, for the lines.
const ALLEY: usize = 56;
const BOX: usize = 2 * LINE + GAP;
/// How high a gap is through which a line passes.
const PASS: usize = 10;
/// How often the order within the columns is brought closer to that of the neighbours.
const SWEEPS: usize = 2;

const STYLE: &str = ".blast text{font:13px ui-monospace,monospace;stroke:none}.blast .name{font-weight:bold}\
.blast .page{fill:<paper>}.blast path{fill:none;stroke:<edge>}.blast .head{fill:<edge>;stroke:none}\
.blast .made rect{fill:<behind-make>;stroke:<make>}.blast .made text{fill:<make>}\
.blast .changed rect{fill:<behind-turn>;stroke:<turn>}.blast .changed text{fill:<turn>}\
.blast .lost rect{fill:<alarm>;stroke:<loss>}.blast .lost text{fill:<loss>}\
.blast .touched rect{fill:<panel>;stroke:<ink>}.blast .touched text{fill:<ink>}\
.blast .stays rect{fill:<paper>;stroke:<dim>;stroke-dasharray:4 3}.blast .stays text,.blast .more{fill:<dim>}";

/// What stands in a column: a box, or a line that passes.
struct Slot {
    hit: Option<usize>,
    before: Vec<usize>,
    after: Vec<usize>,
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

/// A layout: slots, which of them stand in each column, and the way of each line.
struct Layout {
    slots: Vec<Slot>,
    columns: Vec<Vec<usize>>,
    lines: Vec<Vec<usize>>,
    width: usize,
    height: usize,
}

/// The picture; `link` says where a box leads to.
pub(crate) fn svg(reach: &Reach, link: Option<&dyn Fn(&Address) -> String>) -> String {
    let drawn = drawn(reach);
    let layout = Layout::of(&drawn.hits);
    let (width, height) = size(&layout, &drawn);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"blast\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>What the plan reaches</title>\n<style>{}</style>\n\
         <rect class=\"page\" width=\"{width}\" height=\"{height}\"/>\n",
        in_both(STYLE)
    );
    for line in &layout.lines {
        let (x, y) = layout.end(line);
        let _ = writeln!(text, "<path d=\"{}\"/>", layout.way(line));
        let (left, above, below) = (x - 8, y - 4, y + 4);
        let _ = writeln!(
            text,
            "<path class=\"head\" d=\"M{left} {above}L{x} {y}L{left} {below}z\"/>"
        );
    }
    for slot in &layout.slots {
        if let Some(hit) = slot.hit.and_then(|place| drawn.hits.get(place)) {
            draw(hit, slot, link, &mut text);
        }
    }
    if let Some(words) = left_out(&drawn) {
        let y = height - GAP;
        let _ = writeln!(
            text,
            "<text class=\"more\" x=\"{GAP}\" y=\"{y}\">and {words}</text>"
        );
    }
    text.push_str("</svg>\n");
    text
}

fn size(layout: &Layout, drawn: &Drawn) -> (usize, usize) {
    match left_out(drawn) {
        Some(words) => (
            layout.width.max((words.len() + 6) * COLUMN + 2 * GAP),
            layout.height + LINE + GAP,
        ),
        None => (layout.width, layout.height),
    }
}

fn draw(hit: &Hit, slot: &Slot, link: Option<&dyn Fn(&Address) -> String>, text: &mut String) {
    let class = class(hit.lot);
    let target = link
        .filter(|_| matches!(hit.lot, Lot::Changes(_)))
        .map(|link| link(&hit.address));
    if let Some(target) = &target {
        let _ = write!(text, "<a href=\"{}\">", html(target));
    }
    let Slot {
        x, y, width, height, ..
    } = slot;
    let _ = writeln!(
        text,
        "<g class=\"{class}\"><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"5\"/>"
    );
    for (number, line) in shown(hit).iter().enumerate() {
        let look = if number == 1 { " class=\"name\"" } else { "" };
        let (x, y) = (x + GAP, y + GAP / 2 + (number + 1) * LINE - 4);
        let _ = writeln!(text, "<text{look} x=\"{x}\" y=\"{y}\">{}</text>", html(line));
    }
    text.push_str(if target.is_some() { "</g></a>\n" } else { "</g>\n" });
}

impl Layout {
    fn of(hits: &[Hit]) -> Layout {
        let depths = depths(hits);
        let mut layout = Layout {
            slots: Vec::new(),
            columns: vec![Vec::new(); depths.iter().max().map_or(0, |deepest| deepest + 1)],
            lines: Vec::new(),
            width: 0,
            height: 0,
        };
        for (place, hit) in hits.iter().enumerate() {
            // Bold letters of some fonts are a little wider.
            let letters = shown(hit).iter().map(|line| line.width()).max().unwrap_or(0) + 1;
            layout.add(depths[place], Some(place), letters * COLUMN + 2 * GAP, BOX);
        }
        for (from, to) in edges(hits) {
            layout.connect((from, depths[from]), (to, depths[to]));
        }
        for _ in 0..SWEEPS {
            for column in 1..layout.columns.len() {
                layout.order(column, |slot| &slot.before);
            }
            for column in (0..layout.columns.len().saturating_sub(1)).rev() {
                layout.order(column, |slot| &slot.after);
            }
        }
        layout.place();
        layout
    }

    fn add(&mut self, column: usize, hit: Option<usize>, width: usize, height: usize) -> usize {
        let own = self.slots.len();
        self.slots.push(Slot {
            hit,
            before: Vec::new(),
            after: Vec::new(),
            x: 0,
            y: 0,
            width,
            height,
        });
        self.columns[column].push(own);
        own
    }

    /// A line, with a slot in each column between. Of a circle, one line leads back and has none.
    fn connect(&mut self, (from, first): (usize, usize), (to, last): (usize, usize)) {
        let mut line = vec![from];
        for column in first + 1..last {
            let passes = self.add(column, None, 0, PASS);
            line.push(passes);
        }
        line.push(to);
        if first < last {
            for pair in line.windows(2) {
                if let [one, next] = *pair {
                    self.slots[one].after.push(next);
                    self.slots[next].before.push(one);
                }
            }
        }
        self.lines.push(line);
    }

    /// Sorts a column by the middle of what each is connected with there; what has nothing stays where it is.
    fn order(&mut self, column: usize, toward: fn(&Slot) -> &Vec<usize>) {
        let mut rank = vec![0_usize; self.slots.len()];
        for slots in &self.columns {
            for (at, slot) in slots.iter().enumerate() {
                rank[*slot] = at;
            }
        }
        // Thousandths, so that no comparison depends on rounding.
        let middle = |slot: usize| {
            let others = toward(&self.slots[slot]);
            let sum: usize = others.iter().map(|other| rank[*other]).sum();
            (sum * 1000)
                .checked_div(others.len())
                .unwrap_or(rank[slot] * 1000)
        };
        let mut sorted: Vec<(usize, usize)> = self.columns[column]
            .iter()
            .map(|slot| (middle(*slot), *slot))
            .collect();
        sorted.sort_by_key(|(middle, slot)| (*middle, rank[*slot]));
        self.columns[column] = sorted.into_iter().map(|(_, slot)| slot).collect();
    }

    fn place(&mut self) {
        let mut x = GAP;
        for column in &self.columns {
            let width = column
                .iter()
                .map(|slot| self.slots[*slot].width)
                .max()
                .unwrap_or(0);
            let mut y = GAP;
            for slot in column {
                let slot = &mut self.slots[*slot];
                (slot.x, slot.y, slot.width) = (x, y, width);
                y += slot.height + GAP;
            }
            self.height = self.height.max(y);
            x += width + ALLEY;
        }
        self.width = x.saturating_sub(ALLEY) + GAP;
        // Each column stands in the middle of the height.
        for column in &self.columns {
            let own: usize = column.iter().map(|slot| self.slots[*slot].height + GAP).sum();
            let down = self.height.saturating_sub(own + GAP) / 2;
            for slot in column {
                self.slots[*slot].y += down;
            }
        }
    }

    /// Where a line ends, from the left.
    fn end(&self, line: &[usize]) -> (usize, usize) {
        let last = line.last().map(|slot| &self.slots[*slot]);
        last.map_or((GAP, GAP), |slot| (slot.x, slot.y + slot.height / 2))
    }

    /// A line from the right side of each slot to the left side of the next.
    fn way(&self, line: &[usize]) -> String {
        let mut way = String::new();
        for pair in line.windows(2) {
            let [one, next] = [pair[0], pair[1]].map(|slot| &self.slots[slot]);
            let (x, y) = (one.x + one.width, one.y + one.height / 2);
            let (to_x, to_y) = (next.x, next.y + next.height / 2);
            let middle = usize::midpoint(x, to_x);
            let begin = if way.is_empty() { "M" } else { "L" };
            let _ = write!(way, "{begin}{x} {y}C{middle} {y} {middle} {to_y} {to_x} {to_y}");
        }
        way
    }
}

/// In which column each stands: behind all that it needs.
fn depths(hits: &[Hit]) -> Vec<usize> {
    fn visit(hits: &[Hit], at: usize, open: &mut Vec<usize>, known: &mut Vec<Option<usize>>) -> usize {
        if let Some(depth) = known[at] {
            return depth;
        }
        if open.contains(&at) {
            return 0;
        }
        open.push(at);
        let needs = hits[at].needs.iter().copied();
        let needs: Vec<usize> = needs.filter(|needed| !open.contains(needed)).collect();
        let deepest = needs
            .into_iter()
            .map(|needed| visit(hits, needed, open, known) + 1)
            .max()
            .unwrap_or(0);
        open.pop();
        known[at] = Some(deepest);
        deepest
    }
    let mut known = vec![None; hits.len()];
    (0..hits.len())
        .map(|at| visit(hits, at, &mut Vec::new(), &mut known))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::blast::Reached;
    use super::super::palette::{DARK, LIGHT, Palette, colour, contrast};
    use super::*;
    use crate::change::Fate;

    /// Lines of `address lot needs...`.
    fn reach(lines: &[&str]) -> Reach {
        let address = |text: &str| text.parse::<Address>().unwrap();
        let one = |line: &&str| {
            let mut words = line.split(' ');
            let own = address(words.next().unwrap());
            let lot = match words.next().unwrap() {
                "create" => Lot::Changes(Fate::Create),
                "update" => Lot::Changes(Fate::Update),
                "replace" => Lot::Changes(Fate::Replace { create_first: false }),
                "touched" => Lot::Touched,
                _ => Lot::Stays,
            };
            let needs: BTreeSet<Address> = words.map(address).collect();
            (own, Reached { lot, needs })
        };
        lines.iter().map(one).collect()
    }

    /// The boxes as left, right, top, bottom, by their titles.
    fn boxes(svg: &str) -> Vec<(String, [usize; 4])> {
        let number = |line: &str, key: &str| -> usize {
            let (_, rest) = line.split_once(&format!(" {key}=\"")).unwrap();
            rest.split('"').next().unwrap().parse().unwrap()
        };
        let lines: Vec<&str> = svg.lines().collect();
        let places = (0..lines.len()).filter(|at| lines[*at].contains("<g class="));
        places
            .map(|at| {
                let rect = &lines[at][lines[at].find("<rect").unwrap()..];
                let [x, y, width, height] = ["x", "y", "width", "height"].map(|key| number(rect, key));
                let title = lines[at + 2]
                    .split('>')
                    .nth(1)
                    .unwrap()
                    .split('<')
                    .next()
                    .unwrap();
                (title.to_owned(), [x, x + width, y, y + height])
            })
            .collect()
    }

    /// Every point of every line that leads from column to column.
    fn ends(svg: &str) -> Vec<Vec<usize>> {
        let lines = svg
            .lines()
            .filter_map(|line| line.strip_prefix("<path d=\"M")?.split('"').next());
        lines
            .map(|way| {
                let numbers = way.split(|letter: char| !letter.is_ascii_digit());
                numbers.filter_map(|number| number.parse().ok()).collect()
            })
            .collect()
    }

    const PLAN: [&str; 6] = [
        "vpc.main stays",
        "vswitch.a replace vpc.main",
        "security_group.web update vpc.main",
        "instance.web[0] replace vswitch.a security_group.web vpc.main",
        "instance.web[1] replace vswitch.a security_group.web vpc.main",
        "disk.data touched instance.web[0]",
    ];

    #[test]
    fn what_needs_something_stands_to_the_right_of_it_and_nothing_covers_another() {
        let svg = svg(&reach(&PLAN), None);
        let boxes = boxes(&svg);
        let at = |title: &str| {
            boxes
                .iter()
                .find(|(own, _)| own == title)
                .unwrap_or_else(|| panic!("{title}: {svg}"))
                .1
        };
        let order = ["vpc.main", "vswitch.a", "instance.web[0,1] x2", "disk.data"];
        for pair in order.windows(2) {
            assert!(at(pair[0])[1] < at(pair[1])[0], "{pair:?} {svg}");
        }
        for (number, (one, a)) in boxes.iter().enumerate() {
            for (other, b) in &boxes[number + 1..] {
                let apart = a[1] < b[0] || b[1] < a[0] || a[3] < b[2] || b[3] < a[2];
                assert!(apart, "{one} {other} {svg}");
            }
        }
        // The line from the network to the servers passes the column between in a gap.
        let long = ends(&svg).into_iter().find(|points| points.len() > 8).unwrap();
        let (x, y) = (long[6], long[7]);
        for (title, [left, right, top, bottom]) in &boxes {
            let covers = (*left..=*right).contains(&x) && (*top..=*bottom).contains(&y);
            assert!(!covers, "{title} {svg}");
        }
        assert!(
            svg.contains(">-/+ replace<") && svg.contains(">* touched<"),
            "{svg}"
        );
        assert!(svg.contains(">stays<") && svg.contains("class=\"head\""), "{svg}");
    }

    #[test]
    fn a_circle_is_drawn_and_ends() {
        let circle = [
            "security_group.a update security_group.b",
            "security_group.b update security_group.a",
        ];
        let svg = svg(&reach(&circle), None);
        assert_eq!((boxes(&svg).len(), ends(&svg).len()), (2, 2), "{svg}");
    }

    #[test]
    fn there_are_never_more_boxes_than_can_be_looked_over() {
        let mut lines: Vec<String> = (0..50).map(|number| format!("vpc.net{number} stays")).collect();
        lines.extend((0..4).map(|number| format!("vswitch.s{number} update vpc.net{number}")));
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let svg = svg(&reach(&lines), Some(&|address| format!("#{address}")));
        assert_eq!(boxes(&svg).len(), 30);
        assert!(svg.contains(">and 24 more neighbours<"), "{svg}");
        assert!(
            svg.contains("<a href=\"#vswitch.s3\">") && !svg.contains("#vpc"),
            "{svg}"
        );
    }

    #[test]
    fn every_box_can_be_read_in_both_themes() {
        let lots = [
            Lot::Changes(Fate::Create),
            Lot::Changes(Fate::Update),
            Lot::Changes(Fate::Delete),
            Lot::Touched,
            Lot::Stays,
        ];
        for palette in [LIGHT, DARK] as [Palette; 2] {
            for (front, behind) in lots.map(Lot::colours) {
                let (one, other) = (colour(palette, front), colour(palette, behind));
                assert!(contrast(one, other) >= 4.5, "{front} on {behind}");
                // What the style sheet says is what the lots say.
                let svg = svg(&reach(&PLAN), None);
                assert!(
                    svg.contains(&format!("rect{{fill:{other};stroke:{one}")),
                    "{front}"
                );
                assert!(
                    svg.contains(&format!("text{{fill:{one}}}")) || front == "dim",
                    "{front}"
                );
            }
        }
    }
}
