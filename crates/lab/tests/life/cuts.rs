//! Every order is cut at every place, and the card is put in again elsewhere.

use cardwright_lab::life::matrix::matrix;
use cardwright_lab::life::plan;

fn played_with(planted: cardwright_lab::life::planted::Planted, plans: Vec<plan::Plan>) {
    let only = std::env::var("LIFE_ONLY").unwrap_or_default();
    for plan in plans {
        if !plan.name.contains(&only) {
            continue;
        }
        let begun = std::time::Instant::now();
        let name = plan.name.clone();
        let Ok(report) = std::panic::catch_unwind(|| matrix(plan, planted)) else {
            println!("{name} PANIC");
            continue;
        };
        if !report.broken.is_empty() || std::env::var_os("LIFE_LOUD").is_some() {
            println!(
                "{name}: {} cells, {} commands, {} messages, {} broken, {:?}",
                report.cells,
                report.commands,
                report.messages,
                report.broken.len(),
                begun.elapsed()
            );
        }
        for broken in report.broken.iter().take(1) {
            println!("   {}", &broken[..broken.len().min(700)]);
        }
    }
}

fn played(plans: Vec<plan::Plan>) {
    played_with(Default::default(), plans)
}
#[test]
fn control() {
    use cardwright_lab::life::planted::Planted::*;
    for p in [LiveBeforeProof, UnprovenBelieved, IntendedKeysForgotten] {
        println!("---- {p:?}");
        played_with(p, plan::identity("scp03-i70-life"));
        played_with(p, plan::debit("scp02-i55"));
    }
}
#[test]
fn life() {
    played(plan::identity("scp03-i70-life"));
}
#[test]
fn i71() {
    played(plan::identity("scp03-i71"));
}
#[test]
fn i60() {
    played(plan::identity("scp03-i60"));
}
#[test]
fn i70() {
    played(plan::identity("scp03-i70"));
}
#[test]
fn s55() {
    played(plan::debit("scp02-i55"));
}
#[test]
fn s15() {
    played(plan::debit("scp02-i15"));
}
#[test]
fn i10() {
    played(plan::debit("scp03-i10"));
}
#[test]
fn then() {
    played(plan::debit("scp02-then-scp03"));
}

#[test]
fn twice() {
    let only = std::env::var("LIFE_ONLY").unwrap_or_default();
    for (product, plans) in
        [("scp03-i70-life", plan::identity("scp03-i70-life")), ("scp02-i55", plan::debit("scp02-i55"))]
    {
        for plan in plans {
            if !plan.name.contains(&only) {
                continue;
            }
            let name = plan.name.clone();
            let report = cardwright_lab::life::matrix::pairs(plan);
            println!("{name} {product} {} {} people {}", report.cells, report.broken.len(), report.let_again);
            for broken in report.broken.iter().take(3) {
                println!("   {}", &broken[..broken.len().min(400)]);
            }
        }
    }
}

#[test]
fn forged() {
    let only = std::env::var("LIFE_ONLY").unwrap_or_default();
    for plans in [
        plan::identity("scp03-i70-life"),
        plan::identity("scp03-i60"),
        plan::debit("scp02-i55"),
        plan::debit("scp03-i10"),
    ] {
        for plan in plans {
            if !plan.name.contains(&only) || plan.name == "upgrade-application of payment on scp03-i10" {
                continue;
            }
            let name = plan.name.clone();
            let report = cardwright_lab::life::hostile::all(plan);
            println!(
                "{name} {} harmless {} unknown {} aside {} believed {} broken {}",
                report.tried,
                report.harmless,
                report.unknown,
                report.put_aside,
                report.believed.len(),
                report.broken.len()
            );
            for broken in report.broken.iter().take(2).chain(report.believed.iter().take(3)) {
                println!("   {}", &broken[..broken.len().min(400)]);
            }
        }
    }
}
