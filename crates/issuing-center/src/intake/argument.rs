//! The argument of an order: what its kind needs to know besides the card.

use cardwright_apdu::Aid;
use cardwright_issuance::kind::OrderKind;

/// Why a card is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// its holder has it no more
    Lost,
    /// another has it
    Stolen,
    /// its holder has it, and it works no more
    Damaged,
}

impl Reason {
    const NAMES: [(Self, &'static str); 3] =
        [(Self::Lost, "lost"), (Self::Stolen, "stolen"), (Self::Damaged, "damaged")];

    /// The reason of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(reason, _)| *reason)
    }
}

/// The argument of an order of `kind` as it is kept.
///
/// # Errors
/// What would be right.
pub(crate) fn read(kind: OrderKind, text: &str) -> Result<Option<String>, &'static str> {
    match kind {
        OrderKind::Replace => {
            let reason = Reason::named(text).map(|_| text.to_owned());
            reason.map(Some).ok_or("must say why the card is replaced: lost, stolen or damaged")
        }
        OrderKind::RemoveApplication => {
            let aid: Result<Aid, _> = text.parse();
            aid.map(|aid| Some(aid.to_string()))
                .map_err(|_| "must be the AID of the instance to remove, in hexadecimal")
        }
        OrderKind::ChangeKeys => {
            let length = text.strip_prefix("scp03/").unwrap_or(text);
            let right = matches!(length, "16" | "24" | "32");
            if right {
                Ok(Some(text.to_owned()))
            } else {
                Err("must be 16, 24 or 32, the new keys' bytes, or scp03/ and one of them")
            }
        }
        _ if text.is_empty() => Ok(None),
        _ => Err("an order of this kind has no argument: leave it empty"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_own_arguments_and_others_none() {
        for good in ["16", "32", "scp03/24"] {
            assert_eq!(read(OrderKind::ChangeKeys, good), Ok(Some(good.to_owned())));
        }
        for wrong in ["", "8", "scp03", "scp03/", "scp02/16", "AES"] {
            assert!(read(OrderKind::ChangeKeys, wrong).is_err(), "{wrong}");
        }
        let aid = read(OrderKind::RemoveApplication, "f0 43 41 52 44")
            .or_else(|_| read(OrderKind::RemoveApplication, "f043415244"));
        assert_eq!(aid, Ok(Some("F043415244".to_owned())));
        assert!(read(OrderKind::RemoveApplication, "F0").is_err());
        assert_eq!(read(OrderKind::Replace, "stolen"), Ok(Some("stolen".to_owned())));
        assert!(read(OrderKind::Replace, "").is_err());
        assert_eq!(read(OrderKind::Block, ""), Ok(None));
        assert!(read(OrderKind::Block, "lost").is_err() && read(OrderKind::New, "16").is_err());
    }
}
