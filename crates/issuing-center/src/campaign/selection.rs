//! Which cards a campaign is for.

use std::str::FromStr;

use crate::intake::subject::Subject;

/// Live cards that hold an application of a profile; of one product, or issued at one base, where that is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    profile: String,
    product: Option<String>,
    base: Option<String>,
}

impl FromStr for Selection {
    type Err = String;

    /// Reads `profile=NAME`, `product=NAME` and `base=NAME`, with commas between them; the first must be there.
    fn from_str(text: &str) -> Result<Self, String> {
        let (mut profile, mut product, mut base) = (None, None, None);
        for part in text.split(',').map(str::trim) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let place = match key {
                "profile" => &mut profile,
                "product" => &mut product,
                "base" => &mut base,
                _ => return Err(format!("cards are selected by profile=, product= and base=, not by {key:?}")),
            };
            if value.is_empty() || place.is_some() {
                return Err(format!("{key} must be said once, as {key}=NAME"));
            }
            *place = Some(value.to_owned());
        }
        let profile = profile.ok_or("say of which profile the cards hold an application: profile=NAME")?;
        Ok(Self { profile, product, base })
    }
}

impl Selection {
    /// Whether a card is meant.
    pub(super) fn means(&self, subject: &Subject) -> bool {
        let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        subject.holds(&self.profile)
            && is(&self.product, &subject.card.product)
            && is(&self.base, &subject.issued_by.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_says_a_profile_and_nothing_twice() {
        let all: Selection = "profile=identity, product=scp03-i70,base=north".parse().unwrap();
        assert_eq!((all.product.as_deref(), all.base.as_deref()), (Some("scp03-i70"), Some("north")));
        for wrong in ["", "base=north", "profile=", "profile=a,profile=b", "profile=a,colour=red", "identity"] {
            assert!(wrong.parse::<Selection>().is_err(), "{wrong}");
        }
    }
}
