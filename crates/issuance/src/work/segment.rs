//! Segments: what a flow does, part by part, each in one channel. A script is as many of them as can be computed at
//! once; it ends where the next one waits for something.

use cardwright_apdu::Aid;
use cardwright_data_preparation::{Application, CommitPoint, Route};
use cardwright_globalplatform::commands::CardState;

/// Life-cycle states of an application: GPCS Table 11-4, and the one that applications give themselves when they have
/// all their data.
const INSTALLED: u8 = 0x03;
const SELECTABLE: u8 = 0x07;
const PERSONALIZED: u8 = 0x0F;

/// Whose keys a channel is opened with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ring {
    /// the key set that the card was opened with
    Opened,
    /// the key set that the flow puts on the card
    New,
}

/// What is selected where a channel is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// the Issuer Security Domain
    Domain,
    /// the application of this place among the data's
    Application(usize),
}

/// What a segment waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// nothing
    Open,
    /// the card's answers to what is before it: a feedback point
    Answers,
    /// the stored proof of everything before it
    Proof,
}

/// What a segment does. Numbers are places of applications among the data's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Work {
    /// what is on the card, asked before anything is decided
    Survey,
    /// the new key set, in place of the one the card was opened with or beside it
    PutKeys { replaced: Option<u8> },
    /// key sets by their versions
    DeleteKeys(Vec<u8>),
    /// instances, then load files
    Delete { instances: Vec<Aid>, load_files: Vec<Aid> },
    /// the application program of this place among the inputs'
    Load(usize),
    /// the card brought to SECURED through these states, applications installed, those written through the Security
    /// Domain written, the states asked
    Write { states: Vec<CardState>, applications: Vec<usize> },
    /// the data groupings of an application, but for the one that completes it where that is its commit point
    Store(usize),
    /// the key pairs that the card makes
    MakeKeys(usize),
    /// objects, certificates and references
    StoreObjects(usize),
    /// the commit point; `continued` in the channel that stored the data
    Activate { application: usize, continued: bool },
    /// the data groupings of an application in use, all of them in one stream, which take the places of its own
    Rewrite(usize),
    /// a script of the issuer's to a payment application, under the application's own keys
    Script(usize),
    /// the card's own life-cycle state
    SetCard(CardState),
    /// the same as the flow's commit point: nothing can be asked of the card afterwards
    EndCard,
    /// the states after everything: the card's, and of each application of the data
    Ask { card: CardState },
}

impl Work {
    /// Whether it changes nothing on the card.
    pub(crate) fn only_looks(&self) -> bool {
        matches!(self, Self::Survey | Self::Ask { .. })
    }
}

/// One part of a flow, in one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) ring: Ring,
    pub(crate) place: Place,
    pub(crate) gate: Gate,
    pub(crate) work: Work,
}

impl Segment {
    /// Work in the Security Domain that waits for nothing.
    pub(crate) fn at_home(ring: Ring, work: Work) -> Self {
        Self { ring, place: Place::Domain, gate: Gate::Open, work }
    }

    /// The channel it needs.
    pub(crate) fn channel(&self) -> (Ring, Place) {
        (self.ring, self.place)
    }
}

/// What is written with the application selected, before its commit point.
pub(crate) fn straight(ring: Ring, number: usize, application: &Application) -> Vec<Segment> {
    let place = place_of(number, application);
    let segment = |gate, work| Segment { ring, place, gate, work };
    match &application.piv {
        Some(piv) if piv.keys.is_empty() => vec![segment(Gate::Open, Work::StoreObjects(number))],
        Some(_) => {
            let made = segment(Gate::Open, Work::MakeKeys(number));
            vec![made, segment(Gate::Answers, Work::StoreObjects(number))]
        }
        None if application.route == Route::Application && application.dgis.len() > 1 => {
            vec![segment(Gate::Open, Work::Store(number))]
        }
        None => Vec::new(),
    }
}

/// Where an application is written.
pub(crate) fn place_of(number: usize, application: &Application) -> Place {
    match application.route {
        Route::SecurityDomain => Place::Domain,
        Route::Application => Place::Application(number),
    }
}

/// The applications, by place, whose groupings travel in the channel that the first of `segments` needs.
pub(crate) fn travelling<'a>(applications: &[Application], segments: impl Iterator<Item = &'a Segment>) -> Vec<usize> {
    let mut segments = segments.peekable();
    let channel = segments.peek().map(|segment| segment.channel());
    let through_domain = |number: &usize| applications[*number].route == Route::SecurityDomain;
    let in_segment = |segment: &Segment| match &segment.work {
        Work::Write { applications, .. } => applications.iter().copied().filter(through_domain).collect(),
        Work::Store(number) | Work::Rewrite(number) | Work::Activate { application: number, .. } => vec![*number],
        _ => Vec::new(),
    };
    segments.take_while(|segment| Some(segment.channel()) == channel).flat_map(in_segment).collect()
}

/// The channels that are opened one after the other, where the first of them is open already or not. A script of the
/// issuer's goes in none, and ends the one that is open.
pub(crate) fn openings(open: Option<(Ring, Place)>, segments: &[Segment]) -> Vec<(Ring, Place)> {
    let mut current = open;
    let mut openings = Vec::new();
    for segment in segments {
        let channel = segment.channel();
        if matches!(segment.work, Work::Script(_)) {
            current = None;
        } else if current != Some(channel) {
            openings.push(channel);
            current = Some(channel);
        }
    }
    openings
}

/// Whether the application is selectable before its commit point.
pub(crate) fn is_selectable_first(application: &Application) -> bool {
    application.commit_point == CommitPoint::Personalized
}

/// The life-cycle state of an application before its commit point, or `active` behind it.
pub(crate) fn life_cycle(application: &Application, active: bool) -> u8 {
    match (application.commit_point, active) {
        (CommitPoint::MakeSelectable, false) => INSTALLED,
        (CommitPoint::MakeSelectable, true) | (CommitPoint::Personalized, false) => SELECTABLE,
        (CommitPoint::Personalized, true) => PERSONALIZED,
    }
}
