//! `enrol`: a one-time code becomes an identity.

use serde_json::json;
use zeroize::Zeroizing;

use cardwright_relay::enrolment::OneTimeCode;

use super::Place;
use crate::enrolment;
use crate::failure::{Exit, Failure};

pub(super) async fn enrol(place: &Place, center: &str, code: &str, anew: bool) -> Result<Exit, Failure> {
    let text = Zeroizing::new(if code == "-" { from_standard_input()? } else { code.to_owned() });
    let code: OneTimeCode = text.trim().parse()?;
    let identity = enrolment::enrol(&place.state, center, &code, anew).await?;
    let (name, base) = (&identity.name, &identity.base);
    place.voice.result(
        json!({ "outcome": "enrolled", "terminal": hex::encode(*identity.terminal), "name": name, "base": base }),
        &format!("Enrolled as {name} at {base}. `doctor` shows whether everything else is in place."),
        &format!("{base} の {name} として登録しました。`doctor` で他の準備を確認できます。"),
    );
    Ok(Exit::Done)
}

fn from_standard_input() -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().read_line(&mut text);
    read.map(|_| text).map_err(|error| Failure::file("standard input".as_ref(), &error))
}
