//! A thousand generated profiles, each read, prepared and read back.

use std::collections::BTreeSet;

use cardwright_data_preparation::{OrderFields, check, prepare};

use crate::generated::generate;
use crate::issuer::Issuer;
use crate::sample::today;

#[test]
fn a_thousand_generated_profiles_are_prepared_and_read_back() {
    let (mut seen, mut longest) = (BTreeSet::new(), 0);
    let mut issuer = Issuer::empty();
    for seed in 0..1_000 {
        let generated = generate(seed);
        let profile = generated.profile();
        issuer = issuer.furnish(&profile);
        let columns = generated.columns(&issuer, &profile);
        let columns = columns.iter().map(|(name, value)| (*name, value.as_str()));
        let fields = OrderFields::read(&profile, columns, None).unwrap_or_else(|error| panic!("{seed}: {error}"));
        let number = (!generated.in_order).then_some(generated.number.as_str());
        let prepared = prepare(&profile, &fields, today(), &issuer.means(&profile, number));
        let checked = prepared.and_then(check);
        let shown = |error| -> _ { panic!("seed {seed}: {error}\n{}", generated.text) };
        let data = checked.unwrap_or_else(shown);
        let groupings: usize = data.applications.iter().map(|application| application.dgis.len()).sum();
        seen.insert((data.applications.len(), data.security_level.byte(), profile.card_keys().len()));
        longest = longest.max(groupings);
    }
    // Not a thousand times the same card.
    assert!(seen.len() > 30 && longest > 60, "{} kinds, {longest} groupings at most", seen.len());
}
