//! A card is issued with known data, and everything that the terminal holds, writes and passes is searched for it,
//! after every command; then the same data goes through the same terminal in clear, and the same search finds it.

use cardwright_lab::world::card_host::{Answer, Mischief};
use cardwright_lab::world::process::Running;
use cardwright_lab::world::{ChangeOrder, NewOrder, Plan, World, portrait, read_card};

use crate::memory;
use crate::needles::Needles;
use crate::test_center::TestCenter;

const NAME: &str = "Wilhelmina Zoë Quellwasser";
const NUMBER: &str = "9999014837265017";
const PIN: &str = "493817265048";

fn searched_world() -> World {
    let order = NewOrder::new("A-1", "harbor", NAME, NUMBER, PIN).with_photo(portrait(4, 40, 48));
    let control = NewOrder::new("A-2", "harbor", "Somebody Else", "9999010000000025", "4711");
    World::of(Plan { bases: vec!["harbor"], orders: vec![order, control], ..Plan::default() }).unwrap()
}

/// The order's data, and the keys of the card: the maker's before, the issuer's after it was issued.
fn needles(world: &World, keys: &[(String, Vec<u8>)]) -> Needles {
    let photo = portrait(4, 40, 48);
    let batch = std::fs::read_to_string(world.path("cards/scp03-i70/batch-key.toml")).unwrap();
    let master = batch.lines().find_map(|line| line.strip_prefix("master = ")).unwrap();
    let mut binary = vec![
        ("PIN block".to_owned(), hex::decode(format!("2C{PIN}FF")).unwrap()),
        // a stretch of the picture that is no plain surface
        ("photo".to_owned(), photo[900..932].to_vec()),
        ("batch key".to_owned(), hex::decode(master.trim_matches('"')).unwrap()),
    ];
    binary.extend_from_slice(keys);
    Needles::of(&[("name", NAME)], &[("card number", NUMBER), ("PIN", PIN)], &binary)
}

fn keys_of(world: &World, which: &str) -> Vec<(String, Vec<u8>)> {
    let state = read_card(&world.card(0)).unwrap();
    let keys = state.key_sets.iter().flat_map(|set| set.keys.iter().map(|key| key.value.expose().to_vec()));
    keys.enumerate().map(|(number, key)| (format!("{which} key {number}"), key)).collect()
}

/// The card's holder gets another name, at the same terminal: what is found of it there.
fn change_of(world: &mut World, running: &mut Running, needles: &Needles) -> Vec<String> {
    let change = ChangeOrder::new("personal-data", "P-1", "A-1").fields(&[("name", NAME), ("card_number", NUMBER)]);
    world.order_by_api(&change).unwrap();
    world.base(0).remove_card().unwrap();
    world.open_desk(0, false).unwrap();
    running.event(LIMIT, |event| event["event"] == "insert-card").unwrap();
    let before = world.dialogue(&world.card(0)).unwrap().len();
    world.base(0).insert(0, &world.card(0), Mischief::Hold).unwrap();
    let looked = step(world, running, needles, &mut |_| world.order_state("P-1").unwrap() == "issued");
    let commands = world.dialogue(&world.card(0)).unwrap().len() - before;
    assert!(looked.times > 5 && commands > 5, "{} looks at {commands} commands", looked.times);
    world.center.must(&["ticket", "cancel", "--terminal", "harbor-counter", "--as", "Kim"]).unwrap();
    looked.found
}

/// What a run of the terminal showed.
#[derive(Default)]
struct Looked {
    found: Vec<String>,
    times: usize,
    bytes: u64,
}

/// Lets command after command pass, and looks after each.
fn step(world: &World, terminal: &Running, needles: &Needles, until: &mut dyn FnMut(&Looked) -> bool) -> Looked {
    let base = world.base(0);
    let mut looked = Looked::default();
    loop {
        match base.with_machine(|machine| machine.next(0)).unwrap() {
            Answer::Held(_) => {
                look(terminal, needles, &mut looked);
                base.with_machine(|machine| machine.pass(0)).unwrap();
            }
            _ if until(&looked) => {
                look(terminal, needles, &mut looked);
                return looked;
            }
            _ => {}
        }
    }
}

fn look(terminal: &Running, needles: &Needles, looked: &mut Looked) {
    let (found, bytes) = memory::search(terminal.id(), needles);
    looked.found.extend(found.into_iter().map(|needle| format!("memory: {needle}")));
    for file in memory::open_files(terminal.id()) {
        let found = needles.found_in(&std::fs::read(&file).unwrap()).into_iter();
        looked.found.extend(found.map(|needle| format!("{}: {needle}", file.display())));
    }
    looked.times += 1;
    looked.bytes += bytes;
}

/// The bytes that went to the card and came from it.
fn traffic(world: &World, card: u32) -> Vec<u8> {
    let dialogue = world.dialogue(&world.card(card)).unwrap();
    let bytes = dialogue.iter().flat_map(|(command, answer)| [command, answer]).map(|text| hex::decode(text).unwrap());
    bytes.collect::<Vec<_>>().concat()
}

fn terminal(world: &World) -> Running {
    let base = world.base(0);
    base.start_terminal(None, &["run", "--reader", &base.reader_name()]).unwrap()
}

#[test]
fn nothing_of_a_known_card_is_in_the_terminal_and_the_same_search_finds_it_in_clear() {
    let mut world = searched_world();
    let base = world.base(0);
    let transport = keys_of(&world, "transport");
    let sealed = needles(&world, &transport);
    // sealed: the real center
    world.release("A-1", 0).unwrap();
    let mut running = terminal(&world);
    running.event(LIMIT, |event| event["event"] == "insert-card").unwrap();
    base.insert(0, &world.card(0), Mischief::Hold).unwrap();
    let looked = step(&world, &running, &sealed, &mut |_| world.order_state("A-1").unwrap() == "issued");
    let (written, files) = memory::search_files(&base.terminal_state(), &sealed);
    assert_eq!((looked.found, written), (Vec::<String>::new(), Vec::<String>::new()));
    assert_eq!(sealed.found_in(&traffic(&world, 0)), Vec::<&str>::new());
    assert!(looked.times > 20 && looked.bytes > 20 << 20 && files >= 6, "{} {} {files}", looked.times, looked.bytes);
    let changed = change_of(&mut world, &mut running, &sealed);
    assert_eq!(changed, Vec::<String>::new());
    // the issuer's keys are known only now; the terminal still runs
    let issuer = keys_of(&world, "issuer");
    assert!(issuer.iter().all(|(_, key)| transport.iter().all(|(_, other)| other != key)));
    let both = needles(&world, &[transport, issuer].concat());
    assert_eq!(memory::search(running.id(), &both).0, Vec::<String>::new());
    drop(running);
    // the center: database, write-ahead log, keystore, and what it said
    world.center.stop();
    let (at_center, files) = memory::search_files(world.center.state(), &both);
    let (in_logs, _) = memory::search_files(&world.path("log"), &both);
    assert_eq!((at_center, in_logs), (Vec::<String>::new(), Vec::<String>::new()));
    assert!(files >= 3, "{files} files at the center");
    let _whole = read_card(&world.card(0)).unwrap();
    in_clear(&mut world, &both);
}

/// The control: the same data in every form, in clear, through the same terminal.
fn in_clear(world: &mut World, needles: &Needles) {
    world.release("A-2", 0).unwrap();
    let commands = needles.all().iter().map(|needle| {
        let length = u8::try_from(needle.bytes.len()).unwrap();
        [&[0x80, 0xE2, 0x00, 0x00, length], &needle.bytes[..]].concat()
    });
    let center = TestCenter::in_clear(world, commands.collect());
    let base = world.base(0);
    base.remove_card().unwrap();
    let mut running = terminal(world);
    running.event(LIMIT, |event| event["event"] == "insert-card").unwrap();
    base.insert(0, &world.card(1), Mischief::Hold).unwrap();
    let mut held = 0;
    let looked = loop {
        // the preamble has three commands; at the fourth the whole script is in the terminal
        match base.with_machine(|machine| machine.next(0)).unwrap() {
            Answer::Held(3) => {
                let mut looked = Looked::default();
                look(&running, needles, &mut looked);
                break looked;
            }
            Answer::Held(_) => base.with_machine(|machine| machine.pass(0)).unwrap(),
            _ => held += 1,
        }
        assert!(held < 60, "no script came");
    };
    for needle in needles.all() {
        assert!(looked.found.contains(&format!("memory: {}", needle.name)), "{} was not found", needle.name);
    }
    let state = || world.dialogue(&world.card(1)).unwrap().len();
    while state() < needles.all().len() + 3 {
        match base.with_machine(|machine| machine.next(0)).unwrap() {
            Answer::Held(_) => base.with_machine(|machine| machine.pass(0)).unwrap(),
            Answer::Idle => {}
            other => panic!("{other:?}"),
        }
    }
    let passed = traffic(world, 1);
    let found = needles.found_in(&passed);
    assert!(needles.all().iter().all(|needle| found.contains(&needle.name.as_str())), "in traffic: {found:?}");
    drop((running, center));
}

const LIMIT: std::time::Duration = std::time::Duration::from_secs(60);
