//! Segments: what a flow does, part by part, each in one channel. A script is as many of them as can be computed at
//! once; it ends where the next one waits for something.

use cardwright_data_preparation::{Activation, Application, CommitPoint, PersonalizationData, Route};

/// What is selected where a channel is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// the Issuer Security Domain
    Domain,
    /// the application of this place among the data's
    Application(usize),
}

/// What a segment waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    /// nothing
    Open,
    /// the card's answers to what is before it: a feedback point
    Answers,
    /// the stored proof of everything before it
    Proof,
}

/// What a segment does. Numbers are places of applications among the data's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// the card SECURED, every application installed, those written through the Security Domain written, the states
    Write,
    /// the data groupings of an application that is written straight, but for the one that completes it
    Store(usize),
    /// the key pairs that the card makes
    MakeKeys(usize),
    /// objects, certificates and references
    StoreObjects(usize),
    /// the commit point; `continued` in the channel that stored the data
    Activate { application: usize, continued: bool },
    /// the states after activation
    Ask,
}

/// One part of a flow, in one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) place: Place,
    pub(super) gate: Gate,
    pub(super) work: Work,
}

/// The parts of a new card's flow, after the change of keys. `foreseen` says whether channels can be opened without
/// asking; only then the last question is asked where it costs a channel of its own.
pub(super) fn segments(data: &PersonalizationData, foreseen: bool) -> Vec<Segment> {
    let mut segments = vec![Segment { place: Place::Domain, gate: Gate::Open, work: Work::Write }];
    let applications = data.applications.iter().enumerate();
    applications.clone().for_each(|(number, application)| straight(number, application, &mut segments));
    let mut gated = false;
    for (number, application) in applications {
        let place = place_of(number, application);
        let continued = segments.last().is_some_and(|last| last.work == Work::Store(number));
        let first_after_proof = application.activation == Activation::AfterProof && !gated;
        gated |= first_after_proof;
        let gate = if first_after_proof { Gate::Proof } else { Gate::Open };
        segments.push(Segment { place, gate, work: Work::Activate { application: number, continued } });
    }
    let at_home = segments.last().is_some_and(|last| last.place == Place::Domain);
    if at_home || foreseen {
        segments.push(Segment { place: Place::Domain, gate: Gate::Open, work: Work::Ask });
    }
    segments
}

/// The parts of a new card's flow where a cryptogram proves it: an application is asked for one when it is usable, so
/// that each commit point follows the data at once. `at_once` says that applications that are written through the
/// Security Domain are usable, and complete, from their writing on.
pub(super) fn believed_segments(data: &PersonalizationData, at_once: bool) -> Vec<Segment> {
    let mut segments = vec![Segment { place: Place::Domain, gate: Gate::Open, work: Work::Write }];
    for (number, application) in data.applications.iter().enumerate() {
        if application.route == Route::SecurityDomain && at_once {
            continue;
        }
        straight(number, application, &mut segments);
        let continued = segments.last().is_some_and(|last| last.work == Work::Store(number));
        let work = Work::Activate { application: number, continued };
        segments.push(Segment { place: place_of(number, application), gate: Gate::Open, work });
    }
    segments
}

/// What is written with the application selected, before its commit point.
fn straight(number: usize, application: &Application, segments: &mut Vec<Segment>) {
    let place = place_of(number, application);
    let mut push = |gate, work| segments.push(Segment { place, gate, work });
    match &application.piv {
        Some(piv) if piv.keys.is_empty() => push(Gate::Open, Work::StoreObjects(number)),
        Some(_) => {
            push(Gate::Open, Work::MakeKeys(number));
            push(Gate::Answers, Work::StoreObjects(number));
        }
        None if application.route == Route::Application && application.dgis.len() > 1 => {
            push(Gate::Open, Work::Store(number));
        }
        None => {}
    }
}

fn place_of(number: usize, application: &Application) -> Place {
    match application.route {
        Route::SecurityDomain => Place::Domain,
        Route::Application => Place::Application(number),
    }
}

/// The applications, by place, whose groupings travel in the channel that the first of `segments` opens.
pub(super) fn travelling<'a>(data: &PersonalizationData, segments: impl Iterator<Item = &'a Segment>) -> Vec<usize> {
    let mut segments = segments.peekable();
    let place = segments.peek().map(|segment| segment.place);
    let through_domain = |number: &usize| data.applications[*number].route == Route::SecurityDomain;
    let in_segment = |segment: &Segment| match segment.work {
        Work::Write => (0..data.applications.len()).filter(through_domain).collect(),
        Work::Store(number) | Work::Activate { application: number, .. } => vec![number],
        Work::MakeKeys(_) | Work::StoreObjects(_) | Work::Ask => Vec::new(),
    };
    segments.take_while(|segment| Some(segment.place) == place).flat_map(in_segment).collect()
}

/// The places where channels are opened, in order.
pub(super) fn openings(segments: &[Segment]) -> Vec<Place> {
    segments.chunk_by(|one, next| one.place == next.place).map(|run| run[0].place).collect()
}

/// Whether the application is selectable before its commit point.
pub(super) fn is_selectable_first(application: &Application) -> bool {
    application.commit_point == CommitPoint::Personalized
}
