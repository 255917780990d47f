//! A whole issuance in process: center, relay and virtual card, without network, database and PC/SC.

use cardwright_lab::simulation::World;

fn main() {
    divan::main();
}

/// From the card's insertion to the verdict, host and card computed both: the keys changed, the channel opened twice,
/// the application installed, personalized by this many STORE DATA commands, proven and activated.
#[divan::bench(args = [1, 20, 60], sample_count = 20)]
fn one_card(bencher: divan::Bencher<'_, '_>, store_data: usize) {
    let photo = 239 * (store_data - 1);
    bencher.with_inputs(|| World::calm(1, "scp03-i70", photo)).bench_local_values(|mut world| world.issue_one());
}
