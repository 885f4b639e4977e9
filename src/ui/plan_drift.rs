//! What somebody changed outside since the last apply, as text.
//!
//! Does not know the plan.

use unicode_width::UnicodeWidthStr as _;

use super::attribute_lines as attributes;
use super::copies;
use super::plan_blocks::Detail;
use super::text::{BOLD, CYAN, Look, PLAIN, Sheet, toml_path};
use crate::address::Address;
use crate::change::Drift;

/// What somebody changed outside, alone.
pub(super) fn render(drift: &[Drift], look: Look) -> String {
    let mut sheet = Sheet::new(look);
    write(drift, Detail::Normal, &mut sheet);
    sheet.finish().trim_start_matches('\n').to_owned()
}

/// What somebody changed outside; copies of which all the same was changed are told as one, unless all is told.
pub(super) fn write(drift: &[Drift], detail: Detail, sheet: &mut Sheet) {
    if drift.is_empty() {
        return;
    }
    sheet.end_line();
    let title = format!("Changed outside infra since the last apply ({})", drift.len());
    sheet.put(CYAN, &title);
    sheet.end_line();
    let of_each: Vec<&[Drift]> = drift.chunk_by(|one, next| one.address == next.address).collect();
    let groups = match detail {
        Detail::Full => of_each.into_iter().map(|one| vec![one]).collect(),
        Detail::Compact | Detail::Normal => {
            copies::alike(of_each, |one| &one[0].address, |one| shape_of(one))
        }
    };
    for copies in groups {
        let group = copies[0];
        let addresses: Vec<&Address> = copies.iter().map(|one| &one[0].address).collect();
        sheet.to(2);
        sheet.put(CYAN, "!");
        sheet.to(4);
        sheet.put(BOLD, &copies::title(&addresses));
        if let [gone] = group
            && gone.path.is_empty()
        {
            sheet.to(sheet.column() + 2);
            let indent = 6;
            sheet.sentence(PLAIN, &format!("no longer exists; {}", gone.effect), indent);
            continue;
        }
        sheet.end_line();
        let lines: Vec<attributes::AttributeLine> = group
            .iter()
            .map(|one| {
                let name = if one.path.is_empty() {
                    "id".to_owned()
                } else {
                    toml_path(&one.path)
                };
                attributes::change_line("", name, one.remembered.as_ref(), one.observed.as_ref())
            })
            .collect();
        let column = attributes::value_column(&lines, 6, false, sheet);
        for (line, one) in lines.iter().zip(group) {
            attributes::write_line(line, 6, column, sheet);
            if sheet.column() + 2 + one.effect.width() <= sheet.look().prose {
                sheet.to(sheet.column() + 2);
            } else {
                sheet.end_line();
                sheet.to(column);
            }
            sheet.sentence(CYAN, &one.effect, column);
        }
    }
}

/// All that is told of what was changed on one resource, but its address and, when it is gone, its id.
fn shape_of(changed: &[Drift]) -> String {
    changed
        .iter()
        .map(|one| {
            let values = (!one.path.is_empty()).then_some((&one.remembered, &one.observed));
            format!("{} {values:?} {}\n", one.path, one.effect)
        })
        .collect()
}
