//! Every order is cut at every place, and the card is put in again elsewhere.

use cardwright_lab::life::matrix::matrix;
use cardwright_lab::life::plan;

#[test]
fn an_identity_card_is_whole_or_not_live_wherever_its_order_is_cut() {
    for plan in plan::identity("scp03-i70-life") {
        let begun = std::time::Instant::now();
        let name = plan.name.clone();
        let report = matrix(plan);
        println!(
            "{name}: {} cells, {} commands, {} messages, {} broken, {:?}",
            report.cells,
            report.commands,
            report.messages,
            report.broken.len(),
            begun.elapsed()
        );
        for broken in report.broken.iter().take(4) {
            println!("   {}", &broken[..broken.len().min(900)]);
        }
    }
}
