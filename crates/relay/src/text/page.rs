//! The page of all codes, `docs/errors.md`.

use std::fmt::Write as _;

use super::Text;

const OPENING: &str = "# Errors\n\n\
    Every refusal and every failure has a code. What is shown beside it says what happened and what to do next.\n\
    The thousands tell who has to act: 1 the center's people, 2 the terminal or its reader, 3 the card, 4 an\n\
    order or its data, 5 the line, the machine or the store. This page is generated from\n\
    `crates/relay/src/text`.\n";

/// The page, in Markdown.
#[must_use]
pub fn errors_page() -> String {
    Text::all().fold(OPENING.to_owned(), |mut page, text| {
        let Text { code, english, japanese, .. } = text;
        // writing to a String cannot fail
        let _ = write!(
            page,
            "\n## {code}\n\n{} {}\n\n{}{}\n",
            english.happened, english.next, japanese.happened, japanese.next
        );
        page
    })
}
