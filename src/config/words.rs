//! Words and lists of words as they stand inside a sentence.
//!
//! Does not know what the sentence is about.

/// `a, b and c`
pub(super) fn join<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    match words.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// `there is a`, `there are a and b`
pub(super) fn there_are<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    let verb = if words.len() == 1 { "is" } else { "are" };
    format!("there {verb} {}", join(words))
}

/// `1 item`, `3 items`
pub(super) fn counted(number: usize, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}

/// A text as it stands inside a sentence.
pub(super) fn shorten(text: &str) -> String {
    let line: String = text.chars().take_while(|character| *character != '\n').collect();
    if line.chars().count() > 40 || line.len() < text.len() {
        let start: String = line.chars().take(40).collect();
        format!("{start}...")
    } else {
        line
    }
}
