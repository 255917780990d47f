//! Where in a text a byte stands.

/// Line and column (in characters), both from 1, of the byte at `offset` of `text`.
pub(super) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::position;

    #[test]
    fn positions_count_characters_and_lines_from_one() {
        assert_eq!(position("", 0), (1, 1));
        assert_eq!(position("a = 1\nb = 2", 6), (2, 1));
        assert_eq!(position("é = 1\nb = 2", 3), (1, 3));
        assert_eq!(position("a\n", 99), (2, 1));
    }
}
