//! What there was among the generated cards, so that they are not the same card again and again.

use std::collections::{BTreeMap, BTreeSet};

use cardwright_data_preparation::{PersonalizationData, Route, Standard};
use cardwright_lab::payment_terminal::{Authentication, Report, Verified};

use super::draft::Draft;

/// What there was among the cards.
#[derive(Default)]
pub(crate) struct Seen {
    /// product, level, applications, scripts
    kinds: BTreeSet<(&'static str, u8, usize, usize)>,
    /// standard, and whether the application was written straight
    ways: BTreeMap<(&'static str, bool), usize>,
    /// how many were of a level that proves nothing
    pub(crate) refused: usize,
    longest: usize,
    bought: BTreeMap<String, usize>,
}

impl Seen {
    pub(crate) fn card(&mut self, draft: &Draft, data: &PersonalizationData, trips: usize) {
        self.kinds.insert((draft.product, data.security_level.byte(), data.applications.len(), trips));
        for application in &data.applications {
            let standard = match application.standard {
                Standard::Identity => "identity",
                Standard::Emv => "emv",
                Standard::Piv => "piv",
                _ => "directory",
            };
            *self.ways.entry((standard, application.route == Route::Application)).or_default() += 1;
        }
        self.longest = self.longest.max(data.applications.iter().map(|one| one.dgis.len()).sum());
    }

    pub(crate) fn purchase(&mut self, report: &Report) {
        let way = match report.authentication {
            Authentication::NotPerformed => "none",
            Authentication::Static { .. } => "static",
            Authentication::Dynamic { .. } => "dynamic",
            Authentication::Combined => "combined",
        };
        for told in [way.to_owned(), format!("{:?}", report.verification.verified), format!("{:?}", report.outcome)] {
            *self.bought.entry(told).or_default() += 1;
        }
    }

    /// Not a thousand times the same card.
    pub(crate) fn assert_manifold(&self) {
        let Self { kinds, ways, refused, longest, bought } = self;
        println!("{} kinds, {refused} first refused, {longest} groupings at most\n{ways:?}\n{bought:?}", kinds.len());
        assert!(kinds.len() > 60 && *refused > 250 && *longest > 60, "{} {refused} {longest}", kinds.len());
        let believed: BTreeSet<_> = kinds.iter().filter(|kind| kind.1 == 0x03).map(|kind| kind.0).collect();
        assert_eq!(believed.len(), 3, "without a MAC on answers: {believed:?}");
        let least = [("identity", false), ("piv", true), ("emv", false), ("emv", true), ("directory", false)];
        assert!(least.iter().all(|way| ways.get(way).is_some_and(|count| *count >= 50)), "{ways:?}");
        let verified = [Verified::PlainPin, Verified::EncipheredPin, Verified::Signature];
        let told = ["none", "static", "dynamic", "combined", "ApprovedOnline", "ApprovedOffline", "DeclinedOffline"];
        let told = told.into_iter().map(str::to_owned).chain(verified.map(|way| format!("{way:?}")));
        assert!(told.into_iter().all(|way| bought.get(&way).is_some_and(|count| *count > 100)), "{bought:?}");
    }
}
