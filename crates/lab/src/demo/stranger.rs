//! A center that is not ours, and a terminal that is at home there.

use std::path::{Path, PathBuf};

use crate::world::{ADMIN, Fault, Plan, World};

/// Another center that serves, with the state directory of a terminal of its own.
pub(super) struct Stranger {
    pub(super) world: World,
    pub(super) terminal: PathBuf,
}

/// Founds the other center; its terminal is enrolled there on the machine of `ours`.
pub(super) fn found(ours: &World) -> Result<Stranger, Fault> {
    let mut world = World::empty(Plan { bases: Vec::new(), ..Plan::default() })?;
    world.center.must(&["init", "--admin", ADMIN])?;
    world.center.must(&["base", "add", "elsewhere", "--reader-tier", "0", "--as", ADMIN])?;
    let enrol = ["--json", "terminal", "enrol", "visitor", "--base", "elsewhere", "--as", ADMIN];
    let said = world.center.must(&enrol)?;
    let code = said.events().first().and_then(|event| event["code"].as_str().map(str::to_owned)).unwrap_or_default();
    let address = format!("https://{}", world.center.serve()?);
    let terminal = ours.path("stranger");
    let said = ours.base(0).terminal_of(&terminal, None, &["enrol", "--center", &address, "--code", &code])?;
    if said.exit != 0 {
        return Err(Fault::story(format!("the stranger could not enrol at home: {}", said.text())));
    }
    Ok(Stranger { world, terminal })
}

/// The stranger's terminal learns who our center is, which is no secret: it has its own key and certificate still.
pub(super) fn disguise(stranger: &Path, ours: &Path) -> Result<(), Fault> {
    for file in ["authority.der", "reader-list-key.der"] {
        std::fs::copy(ours.join("identity").join(file), stranger.join("identity").join(file))?;
    }
    Ok(())
}
