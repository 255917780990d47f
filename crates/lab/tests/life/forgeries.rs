//! Every answer of every order forged in every way: never live wrongly, and mended by an honest terminal.

use cardwright_lab::life::hostile::{all, settling};
use cardwright_lab::life::plan::{Plan, debit, identity};

use crate::cuts::is_long;

fn assert_never_believed(plans: impl IntoIterator<Item = Plan>) {
    let short = ["new", "personal-data", "remove-application", "change-keys", "block", "terminate"];
    for plan in plans.into_iter().filter(|plan| is_long() || short.contains(&plan.order.kind)) {
        let name = plan.name.clone();
        let report = all(plan);
        assert!(report.believed.is_empty(), "{name}: {:?}", report.believed[0]);
        assert!(report.broken.is_empty(), "{name}: {:?}", report.broken[0]);
        assert_eq!(report.harmless + report.unknown + report.put_aside, report.tried, "{name}");
        assert!(report.unknown > report.tried / 2, "{name}: most forgeries change something: {report:?}");
    }
}

#[test]
fn no_forged_answer_makes_a_proven_card_what_it_is_not() {
    assert_never_believed(identity("scp03-i70-life"));
    if is_long() {
        ["scp03-i60", "scp03-i70", "scp03-i71"]
            .into_iter()
            .for_each(|product| assert_never_believed(identity(product)));
    }
}

#[test]
fn no_forged_answer_makes_a_card_without_r_mac_what_it_is_not() {
    assert_never_believed(debit("scp02-i55"));
    if is_long() {
        ["scp03-i10", "scp02-i15"].into_iter().for_each(|product| assert_never_believed(debit(product)));
    }
}

/// A list that is said to be empty, an instance that is said to be gone: nothing of it is believed.
#[test]
fn nothing_forged_where_a_card_is_surveyed_is_believed() {
    let kinds = ["new", "personal-data", "upgrade-application", "remove-application", "change-keys"];
    let wanted = |plan: &Plan| kinds.contains(&plan.order.kind) && (is_long() || !plan.name.ends_with("program"));
    let (mut unknown, mut aside) = (0, 0);
    for plan in identity("scp03-i70-life").into_iter().filter(wanted) {
        let name = plan.name.clone();
        let report = settling(plan, 2);
        assert!(report.believed.is_empty(), "{name}: {:?}", report.believed[0]);
        assert!(report.broken.is_empty(), "{name}: {:?}", report.broken[0]);
        (unknown, aside) = (unknown + report.unknown, aside + report.put_aside);
    }
    assert!(unknown > 0 && aside > 0, "{unknown} unknown, {aside} put aside");
}
