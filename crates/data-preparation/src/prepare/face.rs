//! What is printed on the card, and what of it a base may see.

use super::card::Card;
use crate::data::masked;
use crate::profile::{AtBase, FaceRule, FieldType, Shown};
use crate::{Date, FaceItem, FaceKind};

pub(super) fn items(card: &Card<'_>) -> Vec<FaceItem> {
    card.profile.face().iter().filter_map(|rule| item(card, rule)).collect()
}

/// `None` where the order leaves the field out.
fn item(card: &Card<'_>, rule: &FaceRule) -> Option<FaceItem> {
    let (kind, value, covered) = match &rule.shows {
        Shown::Field(name) => {
            let value = card.value(name)?.to_vec();
            match card.profile.field(name)?.field_type {
                FieldType::Photo => (FaceKind::Photo, value, Vec::new()),
                FieldType::Digits => {
                    let covered = masked(&value).into_bytes();
                    (FaceKind::Text, value, covered)
                }
                _ => {
                    let covered = initials(&value);
                    (FaceKind::Text, value, covered)
                }
            }
        }
        Shown::CardNumber => (FaceKind::Text, grouped(card.number), grouped(masked(card.number).as_bytes())),
        Shown::ValidFrom => (FaceKind::Text, month(card.valid_from), month(card.valid_from)),
        Shown::ValidTo => (FaceKind::Text, month(card.valid_to), month(card.valid_to)),
        Shown::PrintedValue => (FaceKind::Text, card.printed_value().to_vec(), Vec::new()),
    };
    let at_base = match rule.at_base {
        AtBase::Shown => value.clone(),
        AtBase::Masked => covered,
        AtBase::Hidden => Vec::new(),
    };
    let FaceRule { left, top, width, height, .. } = *rule;
    Some(FaceItem { kind, left, top, width, height, value, at_base })
}

/// Digits in groups of four, as cards show them.
fn grouped(digits: &[u8]) -> Vec<u8> {
    digits.chunks(4).collect::<Vec<_>>().join(&b' ')
}

/// MM/YY.
fn month(day: Date) -> Vec<u8> {
    let (year, month, _) = day.parts();
    format!("{month:02}/{:02}", year % 100).into_bytes()
}

/// The first letter of each word; the others as `*`.
fn initials(text: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(text).unwrap_or_default();
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().into_iter().chain(letters.map(|_| '*')).collect::<String>()
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ").into_bytes()
}
