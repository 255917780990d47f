//! What an issuance costs on the line: round trips and bytes, counted by somebody who stands on it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use cardwright_lab::world::card_host::Mischief;
use cardwright_lab::world::programs::source;
use cardwright_lab::world::{Line, NewOrder, Plan, World};

use crate::{EXTERNAL_AUTHENTICATE, assert_issued};

/// How long a byte is under way to the center.
const FAR: Duration = Duration::from_millis(1_500);

/// The identity profile with a further file of `length` bytes.
fn profile(name: &str, length: usize) -> PathBuf {
    let text = std::fs::read_to_string(source().join("profiles/identity.toml")).unwrap();
    let content: String = (0..length).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{:02x}", byte * 31 % 251);
        text
    });
    let element =
        format!("[[element]]\nname = \"load\"\nsource = \"constant\"\nencoding = \"hex\"\nvalue = \"{content}\"\n\n");
    let file = "[[application.dgi]]\nidentifier = \"0110\"\ncontent = [\"load\"]\nprotection = \"clear\"\npersonal = false\n\n";
    let text = text.replace("name = \"identity\"\nversion", &format!("name = \"{name}\"\nversion"));
    let text = text.replacen("[[application]]", &(element + "[[application]]"), 1);
    let text = text.replace("# The manifest comes last", &(file.to_owned() + "# The manifest comes last"));
    let directory = tempfile::Builder::new().prefix("cardwright-profile.").tempdir().unwrap().keep();
    let path = directory.join(format!("{name}.toml"));
    std::fs::write(&path, text).unwrap();
    path
}

fn order(reference: &str, profile: &str) -> NewOrder {
    let order = NewOrder::new(reference, "harbor", "Noor Visser", "9999010000000017", "4711");
    NewOrder { profile: profile.to_owned(), ..order }
}

/// A world whose orders ask for few commands, or for many.
fn long_and_short() -> World {
    let profiles = vec![source().join("profiles/identity.toml"), profile("many", 60 * 239)];
    let orders = vec![order("S-1", "identity"), order("S-2", "identity"), order("L-1", "many"), order("L-2", "many")];
    let world = World::of(Plan { bases: vec!["harbor"], profiles: profiles.clone(), orders, ..Plan::default() });
    std::fs::remove_dir_all(profiles[1].parent().unwrap()).unwrap();
    world.unwrap()
}

/// When the card was seen, when the second script had come, and when it was over; and the commands of the first.
struct Times {
    written: Duration,
    over: Duration,
    commands: u64,
}

fn times(world: &World, line: &Line, order: &str, card: u32, delay: Duration) -> Times {
    let (mut seen, mut scripts) = (Instant::now(), Vec::new());
    let (mut written, mut over) = (Duration::ZERO, Duration::ZERO);
    let mut watch = |event: &serde_json::Value| {
        match event["event"].as_str() {
            Some("insert-card") => line.delay(delay, Duration::ZERO),
            Some("card") => seen = Instant::now(),
            // what the terminal does after it, such as giving its lease back, nobody waits for
            Some("result") => over = seen.elapsed(),
            _ => {}
        }
        if let Some(total) = event["total"].as_u64().filter(|_| event["done"] == 0) {
            scripts.push(total);
            written = seen.elapsed();
        }
        Ok(())
    };
    world.release(order, 0).unwrap();
    let card = world.card(card);
    line.delay(Duration::ZERO, Duration::ZERO);
    let base = world.base(0);
    let attempt = base.issue_with(order, &card, Mischief::None, Some(line.address()), &mut watch).unwrap();
    assert_issued(world, order, &card, &attempt);
    Times { written, over, commands: scripts[0] }
}

/// How often the line was waited for: what the far center cost more than the near one, in units of the distance.
fn round_trips(near: Duration, far: Duration) -> u128 {
    let more = far.saturating_sub(near).as_millis();
    (more + FAR.as_millis() / 2) / FAR.as_millis()
}

#[test]
fn an_issuance_of_10_and_of_60_commands_takes_two_round_trips_until_proven_and_one_to_activate() {
    let world = long_and_short();
    let line = Line::to(world.center.address().unwrap()).unwrap();
    let [short_near, long_near] =
        [("S-1", 0), ("L-1", 1)].map(|(order, card)| times(&world, &line, order, card, Duration::ZERO));
    let [short_far, long_far] = [("S-2", 2), ("L-2", 3)].map(|(order, card)| times(&world, &line, order, card, FAR));
    println!("{} and {} commands", short_far.commands, long_far.commands);
    assert!(short_far.commands <= 12 && long_far.commands >= 60, "{} and {}", short_far.commands, long_far.commands);
    for (near, far) in [(short_near, short_far), (long_near, long_far)] {
        let (until_proven, in_all) = (round_trips(near.written, far.written), round_trips(near.over, far.over));
        assert_eq!(
            (until_proven, in_all),
            (2, 3),
            "{:?} and {:?}, {:?} and {:?}",
            near.written,
            near.over,
            far.written,
            far.over
        );
    }
}

#[test]
fn a_card_whose_challenges_are_random_takes_one_round_trip_more() {
    let products = vec![source().join("products/scp03-i60.toml")];
    let orders = vec![order("R-1", "identity"), order("R-2", "identity")];
    let world = World::of(Plan { bases: vec!["harbor"], products, orders, ..Plan::default() }).unwrap();
    let line = Line::to(world.center.address().unwrap()).unwrap();
    let near = times(&world, &line, "R-1", 0, Duration::ZERO);
    let far = times(&world, &line, "R-2", 1, FAR);
    let (until_proven, in_all) = (round_trips(near.written, far.written), round_trips(near.over, far.over));
    assert_eq!((until_proven, in_all), (3, 4));
}

#[test]
fn sixty_full_commands_cost_at_most_a_tenth_more_on_the_wire_than_their_own_bytes() {
    let world = long_and_short();
    let (base, card) = (world.base(0), world.card(0));
    let line = Line::to(world.center.address().unwrap()).unwrap();
    world.release("L-1", 0).unwrap();
    let mut terminal = base.start_terminal(Some(line.address()), &["run", "--reader", &base.reader_name()]).unwrap();
    terminal.event(Duration::from_secs(60), |event| event["event"] == "insert-card").unwrap();
    let before = line.passed();
    base.insert_card(&card).unwrap();
    let result = terminal.event(Duration::from_secs(60), |event| event["event"] == "result").unwrap();
    let passed = line.passed().since(before);
    assert_eq!(result["outcome"], "issued", "{result}");
    let dialogue = world.dialogue(&card).unwrap();
    let first = dialogue.iter().position(|(command, _)| command.starts_with(EXTERNAL_AUTHENTICATE)).unwrap();
    let scripts = &dialogue[first..];
    let own: usize = scripts.iter().map(|(command, answer)| (command.len() + answer.len()) / 2).sum();
    let ratio = passed.total() as f64 / own as f64;
    println!("{} commands, {own} bytes of their own, {passed:?}: {ratio:.3}", scripts.len());
    assert!(scripts.len() >= 60 && ratio <= 1.10, "{} commands, {own} bytes, {passed:?}: {ratio:.3}", scripts.len());
}
