//! The card's face: drawn from prepared data, the whole of it for two roles and told in the log.

use cardwright_issuance::entry::Event;
use cardwright_issuing_center::face;
use cardwright_issuing_center::store::Store;
use cardwright_relay::Code;

use crate::commands::Desk;
use crate::world::World;

/// What the identity profile prints of the order R-1: the whole, and what a base may see.
const NUMBER: &str = "4929 0000 0000 1234";
const MASKED: &str = "4929 00** **** 1234";

#[tokio::test]
async fn who_saw_the_whole_face_stands_in_the_log_and_who_saw_what_a_base_sees_does_not() {
    let world = World::new().await;
    let orders = world.two_prepared().await;
    let size = async || world.center.store.log_head().await.unwrap().size;
    let before = size().await;
    let base = face::at_base(&world.center, "R-1").await.unwrap();
    assert!(base.contains(MASKED) && base.contains("Zoë Needleworth") && !base.contains(NUMBER));
    assert_eq!(size().await, before);
    let whole = face::whole(&world.center, &world.admin, "R-1").await.unwrap();
    assert!(whole.contains(NUMBER) && whole.starts_with("<svg ") && whole.ends_with("</svg>\n"));
    let entry = world.newest_entry().await;
    assert_eq!((entry.event, entry.order, entry.person), (Event::FaceSeen, Some(orders[0].id), Some(world.admin.id)));
    assert_eq!(size().await, before + 1);
}

#[tokio::test]
async fn what_is_not_prepared_has_no_face_and_no_entry_says_that_somebody_saw_it() {
    let world = World::new().await;
    world.import("R-1,north,identity,new,ACME,Tom,Zoë Needleworth,4929000000001234,92389,\n").await.unwrap();
    let before = world.center.store.log_head().await.unwrap().size;
    for (reference, code) in [("R-1", Code::ORDER_NOT_PREPARED), ("R-9", Code::ORDER_UNKNOWN)] {
        for drawn in
            [face::at_base(&world.center, reference).await, face::whole(&world.center, &world.admin, reference).await]
        {
            let refused = drawn.err().unwrap();
            assert_eq!((refused.code, refused.parameters), (code, vec![reference.to_owned()]));
        }
    }
    assert_eq!(world.center.store.log_head().await.unwrap().size, before);
}

#[test]
fn the_whole_face_is_for_two_roles_and_its_file_is_a_new_one() {
    let desk = Desk::new();
    desk.set_up();
    desk.done(&["order", "import", &desk.orders(&["R-1"]), "--as", "Eve"]);
    let look = |who| ["order", "face", "R-1", "--as", who];
    assert_eq!(desk.refused(&look("Ben")), (1, "CW-4015".into()), "not prepared yet");
    desk.done(&["order", "approve", "R-1", "--as", "Ben"]);
    assert_eq!(desk.refused(&look("Eve")), (1, "CW-1003".into()));
    let at_base = desk.done(&["order", "face", "R-1", "--at-base", "--as", "Eve"]);
    let svg = at_base["svg"].as_str().unwrap();
    assert!(svg.contains(MASKED) && !svg.contains(NUMBER), "{svg}");
    let told = || desk.done(&["log", "show", "--order", "R-1"]).to_string();
    let shown = "All that is printed on the card was shown. [order R-1, by ";
    assert!(!told().contains(shown));
    // As people call it: the picture alone on standard output.
    let output = desk.command(&look("Ben")).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.starts_with("<svg ") && text.ends_with("</svg>\n"), "{text}");
    assert!(text.contains(NUMBER) && told().contains(&format!("{shown}Ben]")), "{}", told());
    let file = desk.directory.path().join("face.svg");
    let out = ["order", "face", "R-1", "--out", file.to_str().unwrap(), "--as", "Ada"];
    assert_eq!(desk.done(&out)["view"], "whole");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    assert!(told().contains(&format!("{shown}Ada]")));
    let before = desk.done(&["log", "verify"])["size"].clone();
    assert_eq!(desk.refused(&out), (3, "CW-5013".into()), "over no file that is there");
    assert_eq!(desk.done(&["log", "verify"])["size"], before, "and nobody has seen anything");
}

#[test]
fn the_preview_of_an_employees_card_draws_its_face_and_needs_no_center() {
    let desk = Desk::new();
    let profile = concat!(env!("CARGO_MANIFEST_DIR"), "/../../profiles/piv-employee.toml");
    std::fs::write(desk.directory.path().join("face.jpg"), crate::employee::photo()).unwrap();
    let row = |reference| {
        format!(
            "{reference},north,piv-employee,new,ACME,Tom,100000000008,Joan Doe,joan@example.org,face.jpg,{0},{0}\n",
            "5A".repeat(8)
        )
    };
    let header = "reference,base,profile,kind,customer,taken_by,badge,name,email,photo,pin_block,puk_block\n";
    let orders = desk.file("staff.csv", &format!("{header}{}{}", row("E-1"), row("E-2")));
    let file = |name: &str| desk.directory.path().join(name).to_str().unwrap().to_owned();
    let photos = desk.directory.path().to_str().unwrap();
    let preview =
        ["profile", "preview", profile, "--order", orders.to_str().unwrap(), "--photos", photos, "--reference", "E-2"];
    desk.done(&[&preview[..], &["--face", &file("whole.svg")]].concat());
    let whole = std::fs::read_to_string(file("whole.svg")).unwrap();
    assert!(
        whole.contains("1000 0000 0008") && whole.contains("data:image/jpeg;base64,") && whole.contains("Joan Doe")
    );
    desk.done(&[&preview[..], &["--face", &file("base.svg"), "--at-base"]].concat());
    let base = std::fs::read_to_string(file("base.svg")).unwrap();
    assert!(base.contains("**** **** 0008") && !base.contains("base64") && base.contains("Joan Doe"));
    let both = file("both.svg");
    let of_both = [&preview[..7], &["--face", &both]].concat();
    assert_eq!(desk.refused(&of_both).0, 2, "two cards have two faces");
    assert!(!std::path::Path::new(&both).exists() && !std::path::Path::new(&file("state")).exists());
}
