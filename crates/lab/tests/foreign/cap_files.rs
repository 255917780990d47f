//! CAP files: Python's `zipfile` packs them and takes them apart, `scll` reads them a second time.

use std::path::Path;
use std::process::Command;

use cardwright_globalplatform::cap::CapFile;
use rawzip::CompressionMethod;
use scll::cap::{InflateCtx, parse};

use crate::cap_builder::{Cap, PACKAGE, path};

/// Packs the files of one archive anew with `compression`, with entries for the directories, as JAR tools do.
const REPACK: &str = r#"
import sys, zipfile
source, target, compression = sys.argv[1:]
with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", getattr(zipfile, compression)) as new:
    for directory in ("META-INF/", "card/", "card/id/", "card/id/javacard/"):
        new.writestr(zipfile.ZipInfo(directory), b"")
    for name in sorted(old.namelist(), reverse=True):
        new.writestr(name, old.read(name))
"#;

/// SHA-256 over the components in load order, by Python alone.
const HASH: &str = r#"
import hashlib, sys, zipfile
order = "Header Directory Import Applet Class Method StaticField Export ConstantPool RefLocation".split()
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    print(hashlib.sha256(b"".join(archive.read(f"card/id/javacard/{name}.cap") for name in order)).hexdigest())
"#;

fn python(program: &str, arguments: &[&Path], word: Option<&str>) -> String {
    let output = Command::new("python3").arg("-c").arg(program).args(arguments).args(word).output();
    let output = output.unwrap_or_else(|error| panic!("python3 cannot be run ({error}); run script/prepare"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn an_archive_of_pythons_is_read_and_both_compute_one_hash() {
    let directory = tempfile::tempdir().unwrap();
    let (ours, theirs) = (directory.path().join("ours.cap"), directory.path().join("theirs.cap"));
    for method in [CompressionMethod::STORE, CompressionMethod::DEFLATE] {
        let cap = Cap { method, ..Cap::new() };
        std::fs::write(&ours, cap.bytes()).unwrap();
        let read = CapFile::read(&cap.bytes()).unwrap();
        assert_eq!(python(HASH, &[&ours], None), hex::encode(read.hash()));
        for compression in ["ZIP_STORED", "ZIP_DEFLATED"] {
            python(REPACK, &[&ours, &theirs], Some(compression));
            assert_eq!(CapFile::read(&std::fs::read(&theirs).unwrap()).unwrap(), read, "{compression}");
        }
        // the control: what Python packs otherwise is told
        python(REPACK, &[&ours, &theirs], Some("ZIP_LZMA"));
        let refused = CapFile::read(&std::fs::read(&theirs).unwrap()).unwrap_err().to_string();
        assert!(refused.contains("its compression is neither none nor deflate"), "{refused}");
    }
}

/// `scll` loads Descriptor too, which JCVM §6.2 leaves to whoever loads: without it both give the same.
#[test]
fn scll_reads_the_same_package_and_the_same_load_file() {
    for method in [CompressionMethod::STORE, CompressionMethod::DEFLATE] {
        let mut cap = Cap { method, ..Cap::new() };
        let descriptor = cap.file("Descriptor").clone();
        let read = CapFile::read(&cap.bytes()).unwrap();
        let whole = load_file(&cap.bytes());
        assert_eq!(whole, cardwright_apdu::tlv::element(0xC4, &[read.load_file_data_block(), &descriptor].concat()));
        let bytes = cap.without("Descriptor").bytes();
        let read = CapFile::read(&bytes).unwrap();
        assert_eq!(load_file(&bytes), cardwright_apdu::tlv::element(0xC4, read.load_file_data_block()));
        let mut inflate = Box::default();
        let theirs = parse(&bytes, &mut inflate).unwrap();
        assert_eq!(hex::encode_upper(theirs.package_aid.as_bytes()), PACKAGE);
        let modules: Vec<_> = theirs.components.applets.iter().map(|applet| applet.class_aid.as_bytes()).collect();
        assert_eq!(modules, read.modules().iter().map(|module| module.as_bytes()).collect::<Vec<_>>());
    }
    let mut inflate = Box::default();
    assert!(parse(&Cap::new().without("Header").bytes(), &mut inflate).is_err(), "the control: {}", path("Header"));
}

/// The load file that `scll` would send, with tag C4 and its length.
fn load_file(bytes: &[u8]) -> Vec<u8> {
    let mut inflate: Box<InflateCtx> = Box::default();
    let cap = parse(bytes, &mut inflate).unwrap();
    let (mut blocks, mut block, mut whole) = (cap.lfdb(), [0; 200], Vec::new());
    loop {
        match blocks.next_block(&mut inflate, &mut block).unwrap() {
            0 => return whole,
            length => whole.extend_from_slice(&block[..length]),
        }
    }
}
