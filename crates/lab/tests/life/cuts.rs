//! Every order is cut at every command and every message, and the card is put in again elsewhere.

use cardwright_lab::life::matrix::{Report, matrix, pairs};
use cardwright_lab::life::plan::{Plan, debit, debit_with_r_mac, identity, reinstalled};
use cardwright_lab::life::planted::Planted;

/// Card products whose answers carry a MAC, for the identity application: with a spare slot for keys; S16; and in the
/// long form those whose challenges are random, and with one slot.
const PROVEN: [(&str, bool); 4] =
    [("scp03-i70-life", false), ("scp03-i71", false), ("scp03-i60", true), ("scp03-i70", true)];
/// Card products whose answers carry none, for the payment application: SCP03; SCP02; and in the long form others.
const BELIEVED: [(&str, bool); 4] =
    [("scp03-i10", false), ("scp02-i55", false), ("scp02-i15", true), ("scp02-then-scp03", true)];

/// Whether everything is played that there is time for once a night.
pub(crate) fn is_long() -> bool {
    std::env::var_os("CARDWRIGHT_LIFE_LONG").is_some()
}

fn plans(products: &[(&'static str, bool)], of: fn(&'static str) -> Vec<Plan>) -> impl Iterator<Item = Plan> {
    let wanted = products.iter().filter(|(_, only_long)| is_long() || !only_long);
    wanted.flat_map(move |(product, _)| of(product)).collect::<Vec<_>>().into_iter()
}

/// Plays all cells of the plans: as many as their scripts have, and all of them well.
pub(crate) fn assert_whole(plans: impl IntoIterator<Item = Plan>, planted: Planted) {
    let reports: Vec<Report> = plans.into_iter().map(|plan| matrix(plan, planted)).collect();
    let broken: Vec<&String> = reports.iter().flat_map(|report| &report.broken).collect();
    assert!(broken.is_empty(), "{} cells, the first: {}", broken.len(), broken[0]);
    for report in &reports {
        assert_eq!(report.cells, report.expected_cells(), "{report:?}");
    }
    let cells: usize = reports.iter().map(|report| report.cells).sum();
    println!("{} orders, {cells} cells", reports.len());
}

#[test]
fn a_proven_card_is_whole_or_not_live_wherever_its_order_is_cut() {
    assert_whole(plans(&PROVEN, identity), Planted::Nothing);
}

#[test]
fn a_card_without_r_mac_is_whole_or_not_live_wherever_its_order_is_cut() {
    assert_whole(plans(&BELIEVED, debit), Planted::Nothing);
}

#[test]
fn a_rewriting_by_whatever_method_leaves_the_old_or_the_new_wherever_it_is_cut() {
    let scripts = debit_with_r_mac("scp03-i70").into_iter();
    let short = ["personal-data", "pin"];
    let scripts = scripts.filter(|plan| is_long() || short.contains(&plan.order.kind));
    assert_whole(reinstalled("scp03-i70").into_iter().chain(scripts), Planted::Nothing);
}

/// Only a card that was cut twice in a row where nobody can say that it took the opening waits for two people.
#[test]
fn a_card_that_is_cut_again_where_it_is_settled_is_finished_all_the_same() {
    let kinds = ["new", "upgrade-application", "change-keys", "personal-data"];
    let of_kind = |plan: &Plan| is_long() || kinds.contains(&plan.order.kind);
    let plans = identity("scp03-i70-life").into_iter().chain(debit("scp02-i55")).filter(of_kind);
    let reports: Vec<Report> = plans.map(pairs).collect();
    let broken: Vec<&String> = reports.iter().flat_map(|report| &report.broken).collect();
    assert!(broken.is_empty(), "{} cells, the first: {}", broken.len(), broken[0]);
}

/// The controls: each mistake of a center is noticed, in an order that shows it.
#[test]
fn a_center_that_makes_a_mistake_is_noticed() {
    let mistakes = [
        (Planted::LiveBeforeProof, "new"),
        (Planted::LiveBeforeProof, "personal-data"),
        (Planted::UnprovenBelieved, "new"),
        (Planted::UnprovenBelieved, "upgrade-application"),
        (Planted::IntendedKeysForgotten, "new"),
        (Planted::IntendedKeysForgotten, "change-keys"),
    ];
    for (planted, kind) in mistakes {
        let plan = identity("scp03-i70-life").into_iter().find(|plan| plan.order.kind == kind).unwrap();
        let report = matrix(plan, planted);
        assert!(!report.broken.is_empty(), "{planted:?} in {kind} is not noticed in {} cells", report.cells);
    }
}
