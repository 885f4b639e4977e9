//! The colours of what people open in a browser, in light and in dark.
//!
//! Every text has at least 4.5 : 1 against what may be behind it, which the tests count.

/// A colour by its name: `#rrggbb`.
pub(super) type Palette = &'static [(&'static str, &'static str)];

/// `behind-make` and `behind-turn` lie under the text of the same name, `alarm` under that of a loss.
pub(super) const LIGHT: Palette = &[
    ("paper", "#ffffff"),
    ("panel", "#f4f5f7"),
    ("ink", "#1b1f24"),
    ("dim", "#515a66"),
    ("line", "#cfd5dd"),
    ("edge", "#7a8494"),
    ("make", "#116329"),
    ("turn", "#7a4d00"),
    ("loss", "#b3141c"),
    ("alarm", "#fdecec"),
    ("behind-make", "#e6f4ea"),
    ("behind-turn", "#fdf3d8"),
    ("link", "#0a4fb3"),
];
pub(super) const DARK: Palette = &[
    ("paper", "#14171b"),
    ("panel", "#1e2329"),
    ("ink", "#e8ebef"),
    ("dim", "#a7b0bb"),
    ("line", "#3a424c"),
    ("edge", "#6b7688"),
    ("make", "#6fdc8c"),
    ("turn", "#f2c063"),
    ("loss", "#ff9a94"),
    ("alarm", "#351a1c"),
    ("behind-make", "#14301d"),
    ("behind-turn", "#33280f"),
    ("link", "#8ab8ff"),
];

/// The colour of this name.
pub(super) fn colour(palette: Palette, name: &str) -> &'static str {
    let found = palette.iter().find(|(known, _)| *known == name);
    found.map_or("#000000", |(_, colour)| colour)
}

/// All of them as variables of a style sheet.
pub(super) fn variables(palette: Palette) -> String {
    palette
        .iter()
        .map(|(name, value)| format!("--{name}:{value};"))
        .collect()
}

/// A style sheet in both themes: `<name>` stands for the colour of that name. Pictures are not only opened in browsers,
/// and other viewers know no variables.
pub(super) fn in_both(sheet: &str) -> String {
    format!(
        "{}@media(prefers-color-scheme:dark){{{}}}",
        filled(sheet, LIGHT),
        filled(sheet, DARK)
    )
}

fn filled(sheet: &str, palette: Palette) -> String {
    palette.iter().fold(sheet.to_owned(), |sheet, (name, colour)| {
        sheet.replace(&format!("<{name}>"), colour)
    })
}

/// The contrast of two colours by WCAG 2, from 1 to 21.
#[cfg(test)]
pub(super) fn contrast(one: &str, other: &str) -> f64 {
    /// The relative luminance.
    fn luminance(colour: &str) -> f64 {
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_can_be_read_in_light_and_in_dark() {
        let pairs = ["ink", "dim", "make", "turn", "loss", "link"]
            .into_iter()
            .flat_map(|text| ["paper", "panel", "alarm"].map(|behind| (text, behind)))
            .chain([("make", "behind-make"), ("turn", "behind-turn")]);
        for (text, behind) in pairs {
            for (theme, palette) in [("light", LIGHT), ("dark", DARK)] {
                let found = contrast(colour(palette, text), colour(palette, behind));
                assert!(found >= 4.5, "{theme}: {text} on {behind} is {found:.2}");
            }
        }
        // The known ends of the scale.
        assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 1e-9);
        assert!(contrast("#777777", "#ffffff") < 4.5);
    }

    #[test]
    fn both_themes_have_the_same_names() {
        let names = |palette: Palette| palette.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        assert_eq!(names(LIGHT), names(DARK));
        assert_eq!(
            in_both("text{fill:<ink>}"),
            "text{fill:#1b1f24}@media(prefers-color-scheme:dark){text{fill:#e8ebef}}"
        );
    }
}
