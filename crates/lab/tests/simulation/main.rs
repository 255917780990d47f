//! A thousand worlds without a broken promise; and the same worlds find what was planted in them.

use cardwright_lab::simulation::{Planted, Report, World, run};

/// How many seeds: 1,000 unless `CARDWRIGHT_SEEDS` says otherwise.
fn seeds() -> u64 {
    std::env::var("CARDWRIGHT_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000)
}

#[test]
fn a_thousand_worlds_keep_every_promise() {
    let mut total = Report::default();
    let mut all_broken = Vec::new();
    for seed in 0..seeds() {
        let report = match run(seed, Planted::Nothing) {
            Ok(report) => report,
            Err(broken) => {
                all_broken.push(broken.to_string());
                continue;
            }
        };
        total.steps += report.steps;
        total.sessions += report.sessions;
        total.issued += report.issued;
        total.unknown += report.unknown;
        total.accidents += report.accidents;
        total.settled += report.settled;
        total.changes += report.changes;
        total.lifted += report.lifted;
    }
    println!("{} seeds: {total:?}", seeds());
    assert!(
        all_broken.is_empty(),
        "{} of {} worlds: {:#?}",
        all_broken.len(),
        seeds(),
        &all_broken[..all_broken.len().min(20)]
    );
    let happened = [total.unknown, total.accidents, total.settled, total.changes, total.lifted];
    assert!(happened.iter().all(|count| *count > 0), "something never happened in these worlds");
}

#[test]
fn a_seed_replays_its_world() {
    assert_eq!(run(7, Planted::Nothing), run(7, Planted::Nothing));
}

#[test]
fn a_result_stored_before_its_proof_is_checked_is_noticed() {
    let found = (0..seeds()).find_map(|seed| run(seed, Planted::ResultBeforeProof).err());
    println!("{}", found.expect("no world noticed"));
}

#[test]
fn a_fence_left_out_is_noticed() {
    let found = (0..seeds()).find_map(|seed| run(seed, Planted::FenceLeftOut).err());
    println!("{}", found.expect("no world noticed"));
}

#[test]
fn a_card_called_settled_before_it_was_looked_at_is_noticed() {
    let found = (0..seeds()).find_map(|seed| run(seed, Planted::SettledUnseen).err());
    println!("{}", found.expect("no world noticed"));
}

#[test]
fn an_issuance_asks_the_keystore_at_most_eight_times() {
    for (product, photo) in [("scp03-i70", 0), ("scp03-i70", 14_000), ("scp03-i71", 0), ("scp03-i60", 0)] {
        let calls = World::calm(1, product, photo).issue_one();
        println!("{product}, photo of {photo} bytes: {calls} calls");
        assert!((1..=8).contains(&calls), "{product}: {calls} calls");
    }
}
