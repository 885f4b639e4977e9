//! A graph of resources as a picture: boxes in boxes. The layout is our own, so that nothing has to run to show it, and
//! the same graph is the same text.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::graph_view::{Group, Nodes, beside, children};
use super::palette::in_both;
use super::plan_html::html;
use crate::address::Address;

/// How wide a column of the monospaced letters is, rounded up, and how high a line, in pixels.
const COLUMN: usize = 8;
const LINE: usize = 18;
/// Between a box and what is in it, and between boxes.
const GAP: usize = 12;
/// Boxes that stand side by side begin a new row behind this.
const ROW: usize = 900;

const STYLE: &str = "text{font:13px ui-monospace,monospace;fill:<ink>}.name{font-weight:bold}.fact{fill:<dim>}\
rect{fill:<paper>;stroke:<edge>}.even{fill:<panel>}.page{stroke:none}";

/// A resource, or equal copies, with what is in it.
struct Frame {
    lines: Vec<String>,
    /// With their places in this one.
    inside: Vec<(usize, usize, Frame)>,
    width: usize,
    height: usize,
}

/// The picture of what is in what.
pub(crate) fn svg(nodes: &Nodes) -> String {
    let (inside, width, height) = rows(frames(nodes, None), GAP);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         style=\"max-width:100%;height:auto\" role=\"img\">\n<title>What is in what</title>\n<style>{}</style>\n\
         <rect class=\"page\" width=\"{width}\" height=\"{height}\"/>\n",
        in_both(STYLE)
    );
    for (x, y, frame) in &inside {
        draw(frame, (*x, *y), 0, &mut text);
    }
    text.push_str("</svg>\n");
    text
}

fn frames(nodes: &Nodes, parent: Option<&Address>) -> Vec<Frame> {
    children(nodes, parent)
        .iter()
        .map(|group| frame(nodes, group))
        .collect()
}

fn frame(nodes: &Nodes, group: &Group<'_>) -> Frame {
    let mut lines = vec![group.name()];
    if group.count > 1 {
        lines[0].push_str(&format!(" x{}", group.count));
    }
    lines.extend(group.node.facts.iter().cloned());
    lines.extend(
        beside(nodes, group)
            .iter()
            .map(|needed| format!("needs {needed}")),
    );
    let head = GAP + lines.len() * LINE;
    let (inside, width, height) = rows(frames(nodes, Some(group.first)), head);
    // Bold letters of some fonts are a little wider.
    let columns = lines.iter().map(|line| line.width()).max().unwrap_or(0) + 1;
    Frame {
        width: width.max(columns * COLUMN + 2 * GAP),
        height,
        lines,
        inside,
    }
}

/// Puts frames side by side, in rows below each other, and says how wide and high that is with the gaps around it.
fn rows(frames: Vec<Frame>, top: usize) -> (Vec<(usize, usize, Frame)>, usize, usize) {
    let (mut x, mut y) = (GAP, top);
    let (mut width, mut row_height) = (0, 0);
    let mut placed = Vec::new();
    for frame in frames {
        if x > GAP && x + frame.width > ROW {
            (x, y) = (GAP, y + row_height + GAP);
            row_height = 0;
        }
        let beginning = x;
        x += frame.width + GAP;
        width = width.max(x);
        row_height = row_height.max(frame.height);
        placed.push((beginning, y, frame));
    }
    (placed, width, y + row_height + GAP)
}

fn draw(frame: &Frame, (x, y): (usize, usize), depth: usize, text: &mut String) {
    let look = if depth.is_multiple_of(2) {
        ""
    } else {
        " class=\"even\""
    };
    let _ = writeln!(
        text,
        "<rect{look} x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"5\"/>",
        frame.width, frame.height
    );
    for (number, line) in frame.lines.iter().enumerate() {
        let look = if number == 0 { "name" } else { "fact" };
        let (x, y) = (x + GAP, y + GAP / 2 + (number + 1) * LINE - 4);
        let _ = writeln!(
            text,
            "<text class=\"{look}\" x=\"{x}\" y=\"{y}\">{}</text>",
            html(line)
        );
    }
    for (left, top, inner) in &frame.inside {
        draw(inner, (x + left, y + top), depth + 1, text);
    }
}

#[cfg(test)]
mod tests {
    use super::super::graph_view::Node;
    use super::*;

    fn nodes() -> Nodes {
        let address = |text: &str| text.parse::<Address>().unwrap();
        let node = |parent: Option<&str>, facts: &[&str], needs: &[&str]| Node {
            parent: parent.map(address),
            facts: facts.iter().map(|fact| (*fact).to_owned()).collect(),
            needs: needs.iter().map(|needed| address(needed)).collect(),
        };
        let web = || {
            node(
                Some("vswitch.a"),
                &["ecs.g7.large"],
                &["vswitch.a", "security_group.web"],
            )
        };
        [
            ("vpc.main", node(None, &["10.0.0.0/16", "<b>&"], &[])),
            (
                "vswitch.a",
                node(Some("vpc.main"), &["10.0.1.0/24"], &["vpc.main"]),
            ),
            ("security_group.web", node(Some("vpc.main"), &[], &["vpc.main"])),
            ("instance.web[0]", web()),
            ("instance.web[1]", web()),
        ]
        .into_iter()
        .map(|(name, node)| (address(name), node))
        .collect()
    }

    /// Position and size of the box whose name this is.
    fn place(svg: &str, name: &str) -> [usize; 4] {
        let lines: Vec<&str> = svg.lines().collect();
        let at = lines
            .iter()
            .position(|line| line.starts_with("<text") && line.contains(&format!(">{name}<")))
            .unwrap();
        ["x", "y", "width", "height"].map(|key| {
            let (_, rest) = lines[at - 1].split_once(&format!(" {key}=\"")).unwrap();
            rest.split('"').next().unwrap().parse().unwrap()
        })
    }

    fn is_in(inner: [usize; 4], outer: [usize; 4]) -> bool {
        inner[0] > outer[0]
            && inner[1] > outer[1]
            && inner[0] + inner[2] < outer[0] + outer[2]
            && inner[1] + inner[3] < outer[1] + outer[3]
    }

    #[test]
    fn what_is_in_something_is_drawn_in_it_and_beside_its_neighbours() {
        let svg = svg(&nodes());
        let [vpc, vswitch, group, web] = [
            "vpc.main",
            "vswitch.a",
            "security_group.web",
            "instance.web[0..1] x2",
        ]
        .map(|name| place(&svg, name));
        assert!(
            is_in(vswitch, vpc) && is_in(group, vpc) && is_in(web, vswitch),
            "{svg}"
        );
        assert!(!is_in(web, group), "{svg}");
        let apart = group[0] + group[2] < vswitch[0] || vswitch[0] + vswitch[2] < group[0];
        assert!(apart, "{svg}");
        assert!(
            svg.contains(">needs security_group.web<") && !svg.contains("needs vswitch.a"),
            "{svg}"
        );
        assert!(svg.contains("&lt;b&gt;&amp;") && !svg.contains("<b>"), "{svg}");
    }

    #[test]
    fn many_begin_new_rows() {
        let nodes: Nodes = (0..40)
            .map(|number| (format!("vpc.net{number}").parse().unwrap(), Node::default()))
            .collect();
        let svg = svg(&nodes);
        let places: Vec<[usize; 4]> = nodes.keys().map(|name| place(&svg, &name.to_string())).collect();
        assert!(places.iter().all(|place| place[0] + place[2] <= ROW), "{svg}");
        for (number, one) in places.iter().enumerate() {
            for other in &places[number + 1..] {
                let apart = one[0] + one[2] <= other[0]
                    || other[0] + other[2] <= one[0]
                    || one[1] + one[3] <= other[1]
                    || other[1] + other[3] <= one[1];
                assert!(apart, "{one:?} {other:?}");
            }
        }
    }
}
