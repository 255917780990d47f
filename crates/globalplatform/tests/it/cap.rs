//! CAP files: what is read out of them, and each way in which one can be wrong.

use cardwright_apdu::Aid;
use cardwright_globalplatform::cap::{CapFault, CapFile, LONGEST_FILE, LONGEST_LOAD_FILE, PackageVersion};
use cardwright_globalplatform::commands::load;
use rawzip::CompressionMethod;

use crate::cap_builder::{Cap, NAMES, PACKAGE, applets, component, header, local_header, path, record};

fn aid(text: &str) -> Aid {
    text.parse().unwrap()
}

fn fault(cap: &Cap) -> CapFault {
    CapFile::read(&cap.bytes()).unwrap_err()
}

/// What is said of a package whose component `name` has `info` instead.
fn said_of(name: &str, info: &[u8]) -> String {
    let mut cap = Cap::new();
    let tag = NAMES.iter().position(|known| *known == name).unwrap() as u8 + 1;
    *cap.file(name) = component(tag, info);
    fault(&cap).to_string()
}

#[test]
fn a_package_is_read_whatever_the_order_and_compression_of_its_archive() {
    for method in [CompressionMethod::DEFLATE, CompressionMethod::STORE] {
        let mut cap = Cap { method, ..Cap::new() };
        let first = CapFile::read(&cap.bytes()).unwrap();
        cap.entries.reverse();
        assert_eq!(CapFile::read(&cap.bytes()).unwrap(), first);
        assert_eq!(first.package(), aid(PACKAGE));
        assert_eq!(first.version(), PackageVersion { major: 1, minor: 2 });
        assert_eq!((first.version().to_string(), first.version().to_bytes()), ("1.2".into(), [1, 2]));
        assert_eq!(first.package_name(), Some("card/id"));
        assert_eq!(first.modules(), [aid("F0434152445749440001"), aid("F043415244574944000201")]);
    }
}

#[test]
fn the_load_file_data_block_is_the_components_in_load_order_without_descriptor_and_debug() {
    let mut cap = Cap::new();
    let order = [
        "Header",
        "Directory",
        "Import",
        "Applet",
        "Class",
        "Method",
        "StaticField",
        "Export",
        "ConstantPool",
        "RefLocation",
    ];
    let expected: Vec<u8> = order.into_iter().flat_map(|name| cap.file(name).clone()).collect();
    let read = CapFile::read(&cap.bytes()).unwrap();
    assert_eq!(read.load_file_data_block(), expected);
    let stripped = cap.without("Descriptor").without("Debug");
    assert_eq!(CapFile::read(&stripped.bytes()).unwrap().hash(), read.hash());
    let mut other = stripped.clone();
    other.file("Method")[9] ^= 1;
    assert_ne!(CapFile::read(&other.bytes()).unwrap().hash(), read.hash());
}

#[test]
fn a_library_has_no_module_and_a_package_of_format_2_1_no_name() {
    let mut infos: Vec<Vec<u8>> = (0..12u8).map(|tag| vec![tag; 20]).collect();
    infos[0] = hex::decode(format!("DECAFFED010202000108{PACKAGE}")).unwrap();
    infos[2] = Vec::new();
    let read = CapFile::read(&Cap::of(infos).bytes()).unwrap();
    assert_eq!((read.modules(), read.package_name()), (&[][..], None));
    assert_eq!(read.version(), PackageVersion { major: 1, minor: 0 });
}

#[test]
fn names_of_components_are_found_in_any_case_and_other_files_are_left_alone() {
    let mut cap = Cap::new();
    let plain = CapFile::read(&cap.bytes()).unwrap();
    for (path, _) in &mut cap.entries {
        *path = path.replace("Method.cap", "METHOD.CAP").replace("Header", "header");
    }
    let cap = cap.with("card/id/javacard/id.exp", vec![1]).with("elsewhere/Header.cap", vec![2]).with("card/", vec![]);
    assert_eq!(CapFile::read(&cap.bytes()).unwrap(), plain);
}

#[test]
fn a_second_package_is_refused_by_name() {
    let cap = Cap::new().with("card/other/javacard/Header.cap", component(1, &header(0)));
    let said = fault(&cap).to_string();
    assert!(said.contains("card/id and card/other"), "{said}");
    // without a package directory too
    assert!(matches!(fault(&Cap::new().with("javacard/Debug.cap", vec![])), CapFault::SeveralPackages { .. }));
}

#[test]
fn a_component_is_there_once() {
    let method = Cap::new().file("Method").clone();
    assert_eq!(fault(&Cap::new().with(&path("Method"), method.clone())), CapFault::Doubled("Method.cap"));
    assert_eq!(fault(&Cap::new().with(&path("method"), method)), CapFault::Doubled("Method.cap"));
}

#[test]
fn a_missing_component_is_named() {
    for name in ["Header", "Directory", "Applet", "Import", "ConstantPool", "Class", "Method", "RefLocation", "Export"]
    {
        let file = NAMES.iter().find(|known| **known == name).unwrap();
        assert_eq!(fault(&Cap::new().without(name)).to_string(), format!("the component {file}.cap is missing"));
    }
    // nor can the Directory excuse one that every package has
    let mut infos: Vec<Vec<u8>> = (0..12u8).map(|tag| vec![tag; 20]).collect();
    (infos[0], infos[2], infos[6]) = (header(0), vec![], vec![]);
    assert_eq!(fault(&Cap::of(infos)), CapFault::Missing("Method.cap"));
}

#[test]
fn what_the_card_would_not_get_is_refused_rather_than_left_out() {
    let custom = Cap::new().with(&path("Vendor"), component(0x80, &[1]));
    assert_eq!(fault(&custom), CapFault::UnknownComponent(path("Vendor")));
}

#[test]
fn a_component_that_is_cut_or_lengthened_is_refused() {
    let mut cap = Cap::new();
    cap.file("Class").pop();
    assert_eq!(fault(&cap).to_string(), "the component Class.cap: it is cut");
    cap.file("Class").extend([0, 0]);
    assert_eq!(fault(&cap).to_string(), "the component Class.cap: it is longer than it says");
    *cap.file("Class") = vec![6, 0];
    assert_eq!(fault(&cap).to_string(), "the component Class.cap: it is cut");
    *cap.file("Class") = vec![6, 0, 0];
    assert_eq!(fault(&cap).to_string(), "the component Class.cap: it is empty");
    // cut and consistent in itself: the Directory tells
    *cap.file("Class") = component(6, &[5; 24]);
    assert_eq!(fault(&cap).to_string(), "the component Class.cap: its size is not the one that Directory.cap says");
}

#[test]
fn two_components_that_were_exchanged_are_noticed() {
    let mut cap = Cap::new();
    let (class, method) = (cap.file("Class").clone(), cap.file("Method").clone());
    (*cap.file("Class"), *cap.file("Method")) = (method, class);
    assert_eq!(fault(&cap).to_string(), "the component Class.cap: it begins with another component's tag");
}

#[test]
fn a_header_that_is_none_is_refused() {
    let with = |from: &str, to: &str| {
        said_of("Header", &hex::decode(hex::encode_upper(header(6)).replacen(from, to, 1)).unwrap())
    };
    assert!(with("DECAFFED", "CAFEBABE").contains("the magic number is not DECAFFED"));
    assert!(with("DECAFFED0202", "DECAFFED0302").contains("neither 2.1 nor 2.2"));
    assert!(with("DECAFFED0202", "DECAFFED0203").contains("neither 2.1 nor 2.2"));
    assert!(with("DECAFFED020206", "DECAFFED02020E").contains("flags that the formats 2.1 and 2.2 do not define"));
    assert!(with("08F0", "04F0").contains("an AID is not of 5 to 16 bytes"));
    assert!(with("08F0", "7FF0").contains("a field is cut"));
    assert!(with("2F6964", "0A6964").contains("the package's name is not words"));
    let long = [header(6), vec![0]].concat();
    assert!(said_of("Header", &long).contains("bytes are left at its end"));
    for cut in 0..header(6).len() {
        let said = said_of("Header", &header(6)[..cut]);
        assert!(said.contains("Header.cap") || said.contains("Directory.cap says"), "{cut}: {said}");
    }
}

#[test]
fn header_and_applets_must_agree() {
    let mut infos: Vec<Vec<u8>> = (0..12u8).map(|tag| vec![tag; 20]).collect();
    (infos[0], infos[2]) = (header(0x04), vec![]);
    assert_eq!(fault(&Cap::of(infos.clone())), CapFault::Missing("Applet.cap"));
    (infos[0], infos[2]) = (header(0x00), applets(&["F04341524401"]));
    let said = fault(&Cap::of(infos)).to_string();
    assert_eq!(said, "the component Applet.cap: it is there, and the Header says that it is not");
}

#[test]
fn modules_that_a_card_would_refuse_are_refused() {
    let said = |info: Vec<u8>| {
        let mut infos: Vec<Vec<u8>> = (0..12u8).map(|tag| vec![tag; 20]).collect();
        (infos[0], infos[2]) = (header(0x04), info);
        fault(&Cap::of(infos)).to_string()
    };
    assert!(said(applets(&["A0000001510001"])).contains("begins otherwise than the package's"));
    assert!(said(applets(&["F04341524401", "F04341524401"])).contains("two modules have one AID"));
    assert!(said(applets(&["F0434152"])).contains("5 to 16 bytes"));
    assert!(said(vec![0]).contains("it names no module"));
    assert!(said([applets(&["F04341524401"]), vec![0]].concat()).contains("bytes are left"));
    let two = applets(&["F04341524401", "F04341524402"]);
    assert!(said(two[..two.len() - 1].to_vec()).contains("a field is cut"));
}

#[test]
fn an_entry_that_grows_beyond_every_component_is_not_unpacked() {
    let mut cap = Cap::new();
    *cap.file("Method") = component(7, &[0; 4_000_000]);
    let bytes = cap.bytes();
    assert!(bytes.len() < 50_000);
    let too_long = CapFault::Entry { entry: path("Method"), problem: "it is longer than a component can be" };
    assert_eq!(CapFile::read(&bytes), Err(too_long.clone()));
    let stored = Cap { method: CompressionMethod::STORE, entries: vec![(path("Method"), vec![7; 0x1_0003])] };
    assert_eq!(fault(&stored), too_long);
    // and what is no component of a card's is not unpacked at all
    let cap = Cap::new().with("META-INF/zeros", vec![0; 4_000_000]);
    assert!(CapFile::read(&cap.bytes()).is_ok());
}

#[test]
fn a_load_file_that_256_commands_do_not_carry_is_refused() {
    let infos = |method: usize| {
        let mut infos: Vec<Vec<u8>> = (0..12u8).map(|tag| vec![tag; 20]).collect();
        (infos[0], infos[2], infos[6]) = (header(0), vec![], vec![0; method]);
        infos
    };
    let rest = CapFile::read(&Cap::of(infos(1)).bytes()).unwrap().load_file_data_block().len() - 1;
    let longest = CapFile::read(&Cap::of(infos(LONGEST_LOAD_FILE - rest)).bytes()).unwrap();
    assert_eq!(load(longest.load_file_data_block(), 247).unwrap().len(), 256);
    let said = fault(&Cap::of(infos(LONGEST_LOAD_FILE - rest + 1))).to_string();
    assert!(said.contains("has 63229 bytes, at most 63228"), "{said}");
}

#[test]
fn an_archive_that_others_may_read_otherwise_is_refused() {
    let good = Cap::new().bytes();
    let changed = |place: usize, to: &[u8]| {
        let mut bytes = good.clone();
        bytes[place..place + to.len()].copy_from_slice(to);
        CapFile::read(&bytes).unwrap_err().to_string()
    };
    let (list, local) = (record(&good, &path("Method")), local_header(&good, &path("Method")));
    assert!(changed(list + 8, &[1, 0]).contains("it is encrypted"));
    assert!(changed(list + 10, &[14, 0]).contains("neither none nor deflate"));
    assert!(changed(list + 16, &[0; 4]).contains("its length or checksum is not the archive's"));
    assert!(changed(list + 24, &[0; 4]).contains("its length or checksum is not the archive's"));
    assert!(changed(local + 30, b"C").contains("another name in front of its data"));
    assert!(changed(good.len() - 12, &[9, 0]).contains("it says that it has 9 entries, and has 13"));
    assert!(CapFile::read(&[&good[..], b"more"].concat()).unwrap_err().to_string().contains("bytes follow its end"));
    assert!(CapFile::read(&vec![0; LONGEST_FILE + 1]).unwrap_err().to_string().contains("at most 2097152 are read"));
    assert!(matches!(CapFile::read(b"not a zip"), Err(CapFault::Archive(_))));
    let mut crowd = Cap::new();
    crowd.entries.extend((0..300).map(|number| (format!("x/{number}"), vec![])));
    assert!(fault(&crowd).to_string().contains("more than 256 entries"));
}

/// One entry inside another's data: what a bomb is made of, and what makes two readers see two programs.
#[test]
fn entries_that_share_data_are_refused() {
    let mut infos: Vec<Vec<u8>> = (0..12u8).map(|tag| vec![tag; 20]).collect();
    (infos[0], infos[2]) = (header(0), vec![]);
    let stored = |infos: &[Vec<u8>]| Cap { method: CompressionMethod::STORE, ..Cap::of(infos.to_vec()) }.bytes();
    let plain = stored(&infos);
    let class = local_header(&plain, &path("Class"));
    infos[6] = plain[class..class + 30 + path("Class").len() + 23].to_vec(); // Method holds Class with its header
    let mut nested = stored(&infos);
    assert!(CapFile::read(&nested).is_ok());
    let inner = local_header(&nested, &path("Method")) + 30 + path("Method").len() + 3;
    let list = record(&nested, &path("Class"));
    nested[list + 42..list + 46].copy_from_slice(&(inner as u32).to_le_bytes());
    assert_eq!(CapFile::read(&nested), Err(CapFault::Archive("entries share data".into())));
}
