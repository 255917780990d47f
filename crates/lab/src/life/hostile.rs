//! Every forgery of every answer of an order: never live wrongly, and mended by an honest terminal afterwards.

use cardwright_issuance::state::{CardState, OrderState};
use cardwright_virtual_card::PowerCut;

use super::bench::Word;
use super::fault::Fault;
use super::forgery::{Forgery, forgeries};
use super::judge::{self, Expected};
use super::matrix::undisturbed;
use super::picture::Picture;
use super::plan::Plan;
use super::scene::{Scene, Stage};

/// What the forgeries of one order came to.
#[derive(Debug, Default, Clone)]
pub struct Forgeries {
    /// how many were tried
    pub tried: usize,
    /// how many changed nothing: the answer was what the card would have said
    pub harmless: usize,
    /// after how many the outcome is unknown until the card is seen again
    pub unknown: usize,
    /// after how many the card is put aside
    pub put_aside: usize,
    /// what was believed that is not so: forgery, what the center holds
    pub believed: Vec<String>,
    /// what was not mended afterwards
    pub broken: Vec<String>,
}

/// Plays every forgery of an order.
#[must_use]
pub fn all(plan: Plan) -> Forgeries {
    let scene = Scene::before(plan);
    let (expected, ..) = undisturbed(&scene);
    let mut stage = scene.stage();
    stage.bench.pass_time(); // other challenges, so another session
    let others = stage.bench.insert(0, scene.word(), &mut stage.card, Fault::Nothing).answers;
    of_session(&scene, &expected, None, &others)
}

/// Plays every forgery of the session that settles an order which was cut `before_the_end` commands before its last.
#[must_use]
pub fn settling(plan: Plan, before_the_end: usize) -> Forgeries {
    let scene = Scene::before(plan);
    let (expected, writes, _) = undisturbed(&scene);
    let command = writes.len().saturating_sub(1 + before_the_end);
    let cut = Fault::Torn { command, cut: PowerCut::BeforeAnswer };
    let mut stage = scene.stage();
    stage.bench.pass_time();
    stage.bench.insert(0, scene.word(), &mut stage.card, cut);
    stage.bench.give_up();
    let others = stage.bench.insert(1, scene.plan.desk(), &mut stage.card, Fault::Nothing).answers;
    of_session(&scene, &expected, Some(cut), &others)
}

fn of_session(scene: &Scene, expected: &Expected, cut: Option<Fault>, others: &[Vec<u8>]) -> Forgeries {
    let mut report = Forgeries::default();
    for forgery in forgeries(others) {
        report.tried += 1;
        one(scene, expected, (cut, &forgery), &mut report);
    }
    report
}

fn one(scene: &Scene, expected: &Expected, (cut, forgery): (Option<Fault>, &Forgery), report: &mut Forgeries) {
    let mut stage = scene.stage();
    if let Some(cut) = cut {
        stage.bench.insert(0, scene.word(), &mut stage.card, cut);
        stage.bench.give_up();
    }
    stage.bench.forgery = Some(forgery.clone());
    let (place, word) = if cut.is_some() { (1, scene.plan.desk()) } else { (0, scene.word()) };
    stage.bench.insert(place, word, &mut stage.card, Fault::Nothing);
    stage.bench.give_up();
    if let Some(wrong) = believed(scene, &mut stage, expected) {
        report.believed.push(format!("{}, {forgery:?}: {wrong}", scene.plan.name));
        return;
    }
    match (stage.row().state, stage.order(scene.order.id).state) {
        (CardState::Quarantined, _) => report.put_aside += 1,
        (_, OrderState::Issued) => report.harmless += 1,
        _ => report.unknown += 1,
    }
    if let Err(broken) = judge::finished(scene, &mut stage, expected) {
        report.broken.push(format!("{}, {forgery:?}: {broken}", scene.plan.name));
    }
}

/// What the center believes and is not so.
fn believed(scene: &Scene, stage: &mut Stage, expected: &Expected) -> Option<String> {
    let (row, order) = (stage.row(), stage.order(scene.order.id));
    let picture = Picture::of(&mut stage.card);
    let ended = order.state == OrderState::Issued;
    let locked = row.state == CardState::Terminated && !judge::is_usable(&stage.card);
    let right = if ended {
        picture == expected.after || locked
    } else {
        row.state != CardState::Live || picture == expected.before
    };
    // what is put aside is not opened before it is lifted
    let opens = !ended || opens(stage);
    (!right || !opens).then(|| format!("card {:?}, order {:?}, opens: {opens}", row.state, order.state))
}

fn opens(stage: &mut Stage) -> bool {
    if !judge::is_usable(&stage.card) {
        return true;
    }
    let done = stage.bench.insert(0, Word::Desk, &mut stage.card, Fault::Nothing);
    done.end.refusal.is_none_or(|refusal| !judge::NOT_OPENED.contains(&refusal.code))
}
