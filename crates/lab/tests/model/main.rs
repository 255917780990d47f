//! The simulator's store passes the tests of the databases.

use cardwright_issuing_center::store::suite;
use cardwright_lab::model_store::ModelStore;
use cardwright_lab::simulation::at_once;

#[test]
fn the_model_store_passes_the_databases_tests() {
    for name in suite::TESTS {
        println!("{name}");
        at_once(suite::run(name, &ModelStore::default()));
    }
}
