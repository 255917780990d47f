//! A stranger's tool drives the card: `opensc-tool` over a real pcscd and vpcd, in a network of its own.

use std::path::Path;
use std::process::Command;

use crate::host::Scp03;
use crate::identity::{issue, person};
use crate::world::card;

/// Runs `arguments` of opensc-tool against `state` in a virtual reader; what it printed.
pub(crate) fn opensc_tool(state: &Path, arguments: &[&str]) -> String {
    let socket = tempfile::tempdir().unwrap();
    let beside_the_card = "\"$0\" insert \"$1\" --port 40001 --wait 10 >&2 & \
         tries=0; until opensc-tool -r 0 -a >/dev/null 2>&1; do \
         tries=$((tries + 1)); [ $tries -lt 100 ] || exit 9; sleep 0.1; done; \
         shift; exec opensc-tool -r 0 \"$@\"";
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../script/private-pcscd");
    let output = Command::new(script)
        .args([socket.path().to_str().unwrap(), "1", "--", "bash", "-c", beside_the_card])
        .args([env!("CARGO_BIN_EXE_cardwright-card"), state.to_str().unwrap()])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The data bytes of every answer, and its status word, from opensc-tool's print.
pub(crate) fn answers(printed: &str) -> Vec<(Vec<u8>, String)> {
    let mut answers = Vec::new();
    for line in printed.lines() {
        if let Some(status) = line.strip_prefix("Received (SW1=0x") {
            answers.push((Vec::new(), format!("{}{}", &status[..2], &status[10..12])));
        } else if !line.starts_with("Sending") {
            let dump: String = line.chars().take(48).collect();
            let bytes = dump.split_whitespace().map_while(|pair| (pair.len() == 2).then(|| hex::decode(pair).ok())?);
            if let Some((data, _)) = answers.last_mut() {
                bytes.flatten().for_each(|byte| data.push(byte));
            }
        }
    }
    answers
}

#[test]
pub(crate) fn opensc_tool_alone_reads_an_issued_card() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("card.json");
    let mut issued = card("scp03-i70");
    let mut host = Scp03::open(&mut issued, 0x33);
    issue(&mut issued, &mut host);
    std::fs::write(&path, issued.state().to_json()).unwrap();

    let mut commands = vec!["00A404000AF043415244574944000100".to_owned(), "0020000108241234FFFFFFFFFF".to_owned()];
    let readable: Vec<_> = person().into_iter().filter(|(identifier, _)| *identifier != 0x0301).collect();
    for (identifier, content) in &readable {
        commands.push(format!("00A4020C02{identifier:04X}"));
        for offset in (0..content.len()).step_by(128) {
            commands.push(format!("00B0{offset:04X}{:02X}", 128.min(content.len() - offset)));
        }
    }
    let arguments: Vec<&str> = commands.iter().flat_map(|command| ["-s", command]).collect();
    let answers = answers(&opensc_tool(&path, &arguments));
    assert_eq!(answers.len(), commands.len());
    assert!(answers.iter().all(|(_, status)| status == "9000"), "{answers:?}");

    let read: Vec<u8> = answers[2..].iter().flat_map(|(data, _)| data.clone()).collect();
    let written: Vec<u8> = readable.into_iter().flat_map(|(_, content)| content).collect();
    assert_eq!(read, written);
}
