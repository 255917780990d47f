//! Every fault at every command and every message of an order, one at a time.

use cardwright_relay::message::Outcome;

use super::bench::tears;
use super::fault::{Fault, of_the_line};
use super::judge::{self, Expected};
use super::picture::Picture;
use super::plan::Plan;
use super::planted::Planted;
use super::scene::Scene;

/// What a matrix was.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Report {
    /// commands of one undisturbed session
    pub commands: usize,
    /// messages of it
    pub messages: usize,
    /// cells that were played
    pub cells: usize,
    /// cells that ended at the first insertion already
    pub at_once: usize,
    /// what was broken: plan, fault, promise
    pub broken: Vec<String>,
}

/// Plays an order undisturbed.
///
/// # Panics
/// Where it is not carried out.
#[must_use]
pub fn undisturbed(scene: &Scene) -> (Expected, Vec<u64>, usize) {
    let mut stage = scene.stage();
    let before = Picture::of(&mut stage.card);
    let done = stage.bench.insert(0, scene.word(), &mut stage.card, Fault::Nothing);
    assert_eq!(done.end.outcome, Outcome::Issued, "{}: {:?}", scene.plan.name, done.end.refusal);
    let after = Picture::of(&mut stage.card);
    (Expected { before, after, row: stage.row() }, done.writes, done.messages)
}

/// All faults of an order of one insertion.
#[must_use]
pub fn faults(writes: &[u64], messages: usize) -> Vec<Fault> {
    tears(writes).into_iter().chain(of_the_line(messages)).collect()
}

/// Plays one cell: the fault, then insertions elsewhere until all is well.
///
/// # Errors
/// The promise that was broken.
pub fn cell(scene: &Scene, expected: &Expected, fault: Fault, planted: Planted) -> Result<usize, String> {
    let mut stage = scene.stage();
    stage.bench.planted = planted;
    stage.bench.insert(0, scene.word(), &mut stage.card, fault);
    stage.bench.restart();
    stage.bench.give_up();
    judge::finished(scene, &mut stage, expected)
}

/// The whole matrix of a plan.
#[must_use]
pub fn matrix(plan: Plan, planted: Planted) -> Report {
    let scene = Scene::before(plan);
    let (expected, writes, messages) = undisturbed(&scene);
    let mut report = Report { commands: writes.len(), messages, ..Report::default() };
    for fault in faults(&writes, messages) {
        report.cells += 1;
        match cell(&scene, &expected, fault, planted) {
            Ok(0) => report.at_once += 1,
            Ok(_) => {}
            Err(broken) => report.broken.push(format!("{}, {fault:?}: {broken}", scene.plan.name)),
        }
    }
    report
}
