//! `failpoints`: the places at which a test can let the process die.

use cardwright_issuing_center::store::failpoint;
use serde_json::json;

use crate::report::Report;

pub(crate) fn list() -> Report {
    let names = failpoint::names();
    Report::new(names.join("\n"), json!({ "failpoints": names }))
}
