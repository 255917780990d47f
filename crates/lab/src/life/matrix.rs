//! Every fault at every command and every message of an order, one at a time.

use cardwright_issuance::state::OrderState;
use cardwright_relay::message::Outcome;

use super::bench::tears;
use super::fault::{Fault, LineFault, of_the_line};
use super::judge::{self, Expected, Finish};
use super::picture::Picture;
use super::plan::Plan;
use super::planted::Planted;
use super::scene::Scene;

/// What a matrix was.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Report {
    /// commands of one undisturbed session
    pub commands: usize,
    /// persistent writes of all its commands
    pub writes: usize,
    /// messages of it
    pub messages: usize,
    /// cells that were played
    pub cells: usize,
    /// cells that ended at the first insertion already
    pub at_once: usize,
    /// how often two people had to let a card be tried again
    pub let_again: usize,
    /// what was broken: plan, fault, promise
    pub broken: Vec<String>,
}

impl Report {
    /// As many cells as the order's own scripts have: before each command, before each of its writes, before its answer;
    /// and seven for each message.
    #[must_use]
    pub fn expected_cells(&self) -> usize {
        2 * self.commands + self.writes + 7 * self.messages
    }
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
pub fn cell(scene: &Scene, expected: &Expected, fault: Fault, planted: Planted) -> Result<Finish, String> {
    let mut stage = scene.stage();
    stage.bench.planted = planted;
    stage.bench.insert(0, scene.word(), &mut stage.card, fault);
    stage.bench.restart();
    stage.bench.give_up();
    judge::finished(scene, &mut stage, expected)
}

/// Plays a cell whose card is cut again where it is settled.
///
/// # Errors
/// The promise that was broken.
pub fn cut_twice(scene: &Scene, expected: &Expected, first: Fault, second: Fault) -> Result<Finish, String> {
    let mut stage = scene.stage();
    stage.bench.insert(0, scene.word(), &mut stage.card, first);
    stage.bench.give_up();
    if let Some(broken) = judge::broken_between(scene, &mut stage, expected) {
        return Err(broken);
    }
    let is_prepared = stage.order(scene.order.id).state == OrderState::Prepared;
    let word = if is_prepared { scene.word() } else { scene.plan.desk() };
    stage.bench.insert(if is_prepared { 0 } else { 1 }, word, &mut stage.card, second);
    stage.bench.give_up();
    judge::finished(scene, &mut stage, expected)
}

/// The whole matrix of a plan.
#[must_use]
pub fn matrix(plan: Plan, planted: Planted) -> Report {
    let scene = Scene::before(plan);
    let (expected, writes, messages) = undisturbed(&scene);
    let mut report = counted(&writes, messages);
    for fault in faults(&writes, messages) {
        report.cells += 1;
        match cell(&scene, &expected, fault, planted) {
            Ok(Finish { let_again: 1.., .. }) => {
                report.broken.push(format!("{}, {fault:?}: people were needed", scene.plan.name));
            }
            Ok(Finish { insertions: 0, .. }) => report.at_once += 1,
            Ok(_) => {}
            Err(broken) => report.broken.push(format!("{}, {fault:?}: {broken}", scene.plan.name)),
        }
    }
    report
}

fn counted(writes: &[u64], messages: usize) -> Report {
    let all = writes.iter().sum::<u64>() as usize;
    Report { commands: writes.len(), writes: all, messages, ..Report::default() }
}

/// Pairs of cuts: each first one with one place after the other where the card is settled.
#[must_use]
pub fn pairs(plan: Plan) -> Report {
    let scene = Scene::before(plan);
    let (expected, writes, messages) = undisturbed(&scene);
    let mut report = counted(&writes, messages);
    let firsts: Vec<Fault> = faults(&writes, messages).into_iter().filter(|fault| fault.is_told()).collect();
    for (place, first) in firsts.iter().enumerate() {
        let second = firsts[(place * 7 + 3) % firsts.len()];
        report.cells += 1;
        let played = cut_twice(&scene, &expected, *first, second);
        let counts = [*first, second].iter().all(|fault| is_a_try(&scene, *fault));
        let broken = match played {
            Err(broken) => broken,
            Ok(finish) if finish.let_again > 0 && !counts => "people were needed".to_owned(),
            Ok(finish) => {
                report.let_again += finish.let_again;
                continue;
            }
        };
        report.broken.push(format!("{}, {first:?}, then {second:?}: {broken}", scene.plan.name));
    }
    report
}

/// Whether nobody can say that the card took the opening: it was cut in EXTERNAL AUTHENTICATE, or nothing was heard of the
/// first script. Two such in a row, and two people decide.
fn is_a_try(scene: &Scene, fault: Fault) -> bool {
    let opening = scene.product().preamble().commands.len() + 1;
    match fault {
        Fault::Torn { command, .. } => command == opening,
        Fault::Line { message: 1, how } => how == LineFault::RequestLost,
        Fault::Line { .. } | Fault::Nothing | Fault::Random(_) => false,
    }
}
