//! The card's face as a picture: SVG of a card of ISO/IEC 7810 size ID-1, with its contacts where ISO/IEC 7816-2 has them.
//!
//! It shows what the data says is printed, or the part of it that a base may see. It is a preview, not a template for a
//! printer: fonts are the viewer's.

use std::fmt::Write;

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use crate::profile::CARD_SIZE;
use crate::{FaceItem, FaceKind};

/// Whose eyes it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaceView {
    /// everything that is printed
    Whole,
    /// what a base may see; of the rest, where it stands
    AtBase,
}

/// The corners' radius, in hundredths of a millimetre (ISO/IEC 7810 §5).
const CORNER: u16 = 318;

/// The contacts' left edges, upper edges and least size, in hundredths of a millimetre (ISO/IEC 7816-2).
const CONTACT_LEFT: [u16; 2] = [1_025, 1_787];
const CONTACT_TOP: [u16; 4] = [1_923, 2_177, 2_431, 2_685];
const CONTACT_SIZE: (u16, u16) = (200, 170);

/// Room around the contacts that a module takes.
const MARGIN: u16 = 60;

/// The picture of the card's face: one SVG document, complete in itself, erased when dropped.
///
/// Texts are escaped, photos stand inside as data; nothing in it is fetched, and nothing in it runs.
#[must_use]
pub fn face_picture(items: &[FaceItem], view: FaceView) -> Zeroizing<String> {
    let room = |item: &FaceItem| item.value.len().max(item.at_base.len()) * 6 + 400;
    // Room for all of it at once: a buffer that grew would leave copies behind.
    let mut svg = Zeroizing::new(String::with_capacity(4_096 + items.iter().map(room).sum::<usize>()));
    let reserved = svg.capacity();
    open(&mut svg);
    for item in items {
        let shown = if view == FaceView::Whole { &item.value } else { &item.at_base };
        match item.kind {
            _ if shown.is_empty() => frame(&mut svg, item),
            FaceKind::Text => text(&mut svg, item, shown),
            FaceKind::Photo => photo(&mut svg, item, shown),
        }
    }
    contacts(&mut svg);
    svg.push_str("</svg>\n");
    debug_assert_eq!(svg.capacity(), reserved);
    svg
}

/// Whether something of this place and size, in hundredths of a millimetre, would be printed over the contacts.
pub(crate) fn covers_contacts(left: u16, top: u16, width: u16, height: u16) -> bool {
    let (module_left, module_top, module_right, module_bottom) = module();
    left < module_right && left + width > module_left && top < module_bottom && top + height > module_top
}

/// Left, upper, right and lower edge of the module with the contacts.
fn module() -> (u16, u16, u16, u16) {
    let right = CONTACT_LEFT[1] + CONTACT_SIZE.0 + MARGIN;
    let bottom = CONTACT_TOP[3] + CONTACT_SIZE.1 + MARGIN;
    (CONTACT_LEFT[0] - MARGIN, CONTACT_TOP[0] - MARGIN, right, bottom)
}

/// The document's beginning, in hundredths of a millimetre, and the card.
fn open(svg: &mut String) {
    let (width, height) = CARD_SIZE;
    let millimetres = |hundredths: u16| format!("{}.{:02}mm", hundredths / 100, hundredths % 100);
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {width} {height}\">\n\
         <rect x=\"10\" y=\"10\" width=\"{}\" height=\"{}\" rx=\"{CORNER}\" fill=\"#f4f1ea\" stroke=\"#8a8577\" \
         stroke-width=\"20\"/>\n",
        millimetres(width),
        millimetres(height),
        width - 20,
        height - 20,
    );
}

fn contacts(svg: &mut String) {
    let (left, top, right, bottom) = module();
    let (width, height) = CONTACT_SIZE;
    let _ = writeln!(
        svg,
        "<rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\" rx=\"120\" fill=\"#c9b26a\" stroke=\"#8f7b3c\" \
         stroke-width=\"12\"/>",
        right - left,
        bottom - top,
    );
    for x in CONTACT_LEFT {
        for y in CONTACT_TOP {
            let _ = writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"30\" fill=\"#e6d494\" \
                 stroke=\"#8f7b3c\" stroke-width=\"8\"/>"
            );
        }
    }
}

/// Where something stands that is not shown.
fn frame(svg: &mut String, item: &FaceItem) {
    let FaceItem { left, top, width, height, .. } = item;
    let _ = writeln!(
        svg,
        "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"none\" stroke=\"#b5afa0\" \
         stroke-width=\"12\" stroke-dasharray=\"60 40\"/>"
    );
}

/// A line of text, on a base line at four fifths of its height; squeezed where it might be wider than its place.
fn text(svg: &mut String, item: &FaceItem, shown: &[u8]) {
    let shown = std::str::from_utf8(shown).unwrap_or_default();
    let digits = shown.chars().all(|character| character.is_ascii_digit() || " */".contains(character));
    let font = if digits { "DejaVu Sans Mono, Consolas, monospace" } else { "DejaVu Sans, Arial, sans-serif" };
    let (left, height) = (item.left, u32::from(item.height) * 4 / 5);
    let base_line = u32::from(item.top) + height;
    let _ = write!(svg, "<text font-family=\"{font}\" font-size=\"{height}\" fill=\"#22252b\" xml:space=\"preserve\"");
    // Not `textLength`, which not every viewer knows.
    let widest = shown.chars().map(widest).sum::<u32>() * height / 100;
    let _ = if widest > u32::from(item.width) {
        let thousandths = u32::from(item.width) * 1_000 / widest;
        write!(svg, " transform=\"translate({left} {base_line}) scale(0.{thousandths:03} 1)\">")
    } else {
        write!(svg, " x=\"{left}\" y=\"{base_line}\">")
    };
    escape(svg, shown);
    svg.push_str("</text>\n");
}

/// How wide a character is at most in the fonts that are asked for, in hundredths of the font's height.
fn widest(character: char) -> u32 {
    match character {
        'M' | 'W' | 'm' | 'w' | '@' | '%' | 'Æ' | 'æ' | 'Œ' | 'œ' => 107,
        '\u{300}'..='\u{36F}' => 0,
        _ if character.is_uppercase() || "+=<>~".contains(character) => 84,
        // of an alphabet with letters as wide as Щ, or a script with signs as wide as they are high
        '\u{250}'.. => 120,
        _ => 66,
    }
}

fn photo(svg: &mut String, item: &FaceItem, shown: &[u8]) {
    let kind = if shown.starts_with(b"\x89PNG") { "png" } else { "jpeg" };
    let FaceItem { left, top, width, height, .. } = item;
    let _ = write!(
        svg,
        "<image x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"xMidYMid slice\" \
         href=\"data:image/{kind};base64,"
    );
    let encoded = Zeroizing::new(Base64::encode_string(shown));
    svg.push_str(&encoded);
    svg.push_str("\"/>\n");
}

/// Characters of a text as XML 1.0 takes them; what it does not take becomes the replacement character.
fn escape(svg: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => svg.push_str("&amp;"),
            '<' => svg.push_str("&lt;"),
            '>' => svg.push_str("&gt;"),
            '"' => svg.push_str("&quot;"),
            '\'' => svg.push_str("&#39;"),
            '\u{FFFE}' | '\u{FFFF}' => svg.push('\u{FFFD}'),
            character if character.is_control() => svg.push('\u{FFFD}'),
            character => svg.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(kind: FaceKind, value: &[u8], at_base: &[u8]) -> FaceItem {
        let (value, at_base) = (value.to_vec(), at_base.to_vec());
        FaceItem { kind, left: 800, top: 3_200, width: 4_600, height: 400, value, at_base }
    }

    /// Every element is closed, and text stands in elements alone: enough for what is written here.
    fn assert_well_formed(svg: &str) {
        let mut open: Vec<&str> = Vec::new();
        for tag in svg.split('<').skip(1) {
            let (inside, _text) = tag.split_once('>').unwrap();
            assert_eq!(inside.matches('"').count() % 2, 0, "{inside}");
            match inside.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name)),
                None if inside.ends_with('/') => {}
                None => open.push(inside.split(' ').next().unwrap()),
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }

    #[test]
    fn a_card_has_its_size_and_its_eight_contacts() {
        let svg = face_picture(&[], FaceView::Whole);
        assert!(svg.contains("width=\"85.60mm\" height=\"53.98mm\" viewBox=\"0 0 8560 5398\""), "{}", *svg);
        assert_eq!(svg.matches("<rect").count(), 1 + 1 + 8);
        assert!(svg.contains("<rect x=\"1025\" y=\"1923\"") && svg.contains("<rect x=\"1787\" y=\"2685\""));
        assert_well_formed(&svg);
    }

    #[test]
    fn a_name_that_is_markup_stays_a_name() {
        let name = "</text><script>alert('1')</script> & \u{1} \"Co\"";
        let svg = face_picture(&[item(FaceKind::Text, name.as_bytes(), b"")], FaceView::Whole);
        assert_well_formed(&svg);
        let escaped = "&lt;/text&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; \u{FFFD} &quot;Co&quot;";
        assert!(svg.contains(escaped), "{}", *svg);
        assert!(!svg.contains("<script"));
    }

    #[test]
    fn a_base_sees_what_the_profile_lets_it_see_and_nothing_else() {
        let items = [
            item(FaceKind::Text, b"4929 0000 0000 1234", b"4929 00** **** 1234"),
            item(FaceKind::Photo, b"\xFF\xD8\xFF\xE0secret", b""),
        ];
        let whole = face_picture(&items, FaceView::Whole);
        assert!(whole.contains("4929 0000 0000 1234") && whole.contains("data:image/jpeg;base64,/9j/4HNlY3JldA=="));
        let base = face_picture(&items, FaceView::AtBase);
        assert!(base.contains("4929 00** **** 1234") && !base.contains("0000 0000") && !base.contains("base64"));
        assert!(base.contains("stroke-dasharray"), "a frame tells where the photo stands");
        assert_well_formed(&base);
    }

    #[test]
    fn a_text_that_might_be_wider_than_its_place_is_squeezed_into_it() {
        let drawn = |text: &str| face_picture(&[item(FaceKind::Text, text.as_bytes(), b"")], FaceView::Whole);
        assert!(drawn("Joan").contains("x=\"800\" y=\"3520\">Joan</text>"));
        // 20 letters of 66, with 320 high: 4224 of 4600.
        assert!(!drawn(&"n".repeat(20)).contains("scale"));
        // 10 signs as wide as they are high and a little more fit, 20 do not: 7680, so 0.598.
        assert!(!drawn(&"山".repeat(10)).contains("scale"));
        let wide = drawn(&"山".repeat(20));
        assert!(wide.contains("transform=\"translate(800 3520) scale(0.598 1)\">"), "{}", *wide);
        for few in ["MMMMMMMMMMMMMM", "Щщщщщщщщщщщщщ"] {
            assert!(drawn(few).contains("scale(0.9"), "{few}");
        }
    }

    #[test]
    fn what_would_cover_the_contacts_is_known() {
        assert!(covers_contacts(500, 1_200, 2_400, 3_200), "a photo on the left");
        assert!(covers_contacts(1_200, 2_000, 10, 10) && covers_contacts(0, 0, 8_560, 5_398));
        assert!(!covers_contacts(5_700, 1_200, 2_400, 3_200) && !covers_contacts(800, 3_000, 7_000, 500));
        assert!(!covers_contacts(0, 0, 8_560, 1_860) && !covers_contacts(2_050, 1_900, 100, 100));
    }
}
