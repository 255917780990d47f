//! The applications of generated profiles: directories, records, keys.

use std::fmt::Write;

use crate::generated::{Draft, Offline, SIZES};

/// AID of the payment application at `place`.
fn instance(place: usize) -> String {
    format!("F0454D560110{place:02X}")
}

impl Draft {
    /// What an application is called, in its own template and in the directory.
    pub(crate) fn label(&mut self, place: usize) {
        let letters = 1 + self.numbers.below(16);
        let label: String = self.numbers.letters(letters).bytes().map(|letter| format!("{letter:02X}")).collect();
        self.constant(&format!("label-{place}"), "50", &label);
        self.constant(&format!("priority-{place}"), "87", &format!("{:02X}", place + 1));
    }

    pub(crate) fn directory(&mut self, count: usize) {
        let mut entries = Vec::new();
        self.constant("directory-file", "88", "01");
        self.template("directory-selection", "A5", &["directory-file".to_owned()]);
        for place in 0..count {
            self.constant(&format!("aid-{place}"), "4F", &instance(place));
            let parts = ["aid", "label", "priority"].map(|part| format!("{part}-{place}"));
            self.template(&format!("entry-{place}"), "61", &parts);
            entries.push(format!("entry-{place}"));
        }
        self.template("directory-record", "70", &entries);
        self.begin("payment-environment", "02", "315041592E5359532E4444463031");
        self.applications.push('\n');
        self.dgi("9102", &["directory-selection"], "clear", false, false);
        self.dgi("0101", &["directory-record"], "clear", false, false);
    }

    fn begin(&mut self, standard: &str, module: &str, instance: &str) {
        let package = "F04341524457454D56";
        write!(
            self.applications,
            "[[application]]\nstandard = \"{standard}\"\npackage = \"{package}00\"\nmodule = \"{package}00{module}\"\n\
             instance = \"{instance}\"\ninstall-parameters = \"\"\nprivileges = \"00\"\n\
             commit-point = \"make-selectable\"\n"
        )
        .unwrap();
    }

    fn dgi(&mut self, identifier: &str, content: &[&str], protection: &str, personal: bool, signed: bool) {
        let content: Vec<String> = content.iter().map(|name| format!("\"{name}\"")).collect();
        write!(
            self.applications,
            "[[application.dgi]]\nidentifier = \"{identifier}\"\ncontent = [{}]\nprotection = \"{protection}\"\n\
             personal = {personal}\nsigned = {signed}\n\n",
            content.join(", ")
        )
        .unwrap();
    }

    pub(crate) fn application(&mut self, place: usize) {
        let offline = self.numbers.one_of(&[Offline::No, Offline::Static, Offline::Dynamic, Offline::Combined]);
        let (authority, issuer, icc) = self.numbers.one_of(&SIZES);
        let pin_key = offline != Offline::No && self.pin && self.numbers.chance();
        self.begin("emv", "01", &instance(place));
        let profile = match offline {
            Offline::No => "1C00",
            Offline::Static => "5C00",
            Offline::Dynamic => "3C00",
            Offline::Combined => "3D00",
        };
        writeln!(self.applications, "interchange-profile = \"{profile}\"\n").unwrap();
        if offline != Offline::No {
            self.certificates(offline, (authority, issuer, icc), pin_key);
        }
        let (option, version) = (self.numbers.one_of(&["A", "B"]), self.numbers.one_of(&["10", "18"]));
        write!(
            self.applications,
            "[application.keys]\noption = \"{option}\"\ncryptogram-version = \"{version}\"\n\
             derivation-key-index = \"01\"\ncryptogram = \"ac-{place}.1\"\nmac = \"smi-{place}.1\"\n\
             encipherment = \"smc-{place}.1\"\n\n"
        )
        .unwrap();
        let files = self.records(place, offline, pin_key);
        self.answers(place, &files);
        self.secrets(offline, pin_key);
    }

    fn certificates(&mut self, offline: Offline, (authority, issuer, icc): (usize, usize, usize), pin_key: bool) {
        let (of_issuer, of_card) = (self.numbers.one_of(&[3, 65_537]), self.numbers.one_of(&[3, 65_537]));
        write!(
            self.applications,
            "[application.certificates]\nissuer = \"issuer-{authority}-{issuer}-{of_issuer}\"\n\
             authority-bits = {authority}\nissuer-bits = {issuer}\nissuer-exponent = {of_issuer}\n"
        )
        .unwrap();
        if matches!(offline, Offline::Dynamic | Offline::Combined) {
            writeln!(self.applications, "icc-bits = {icc}\nicc-exponent = {of_card}").unwrap();
        }
        if pin_key {
            writeln!(self.applications, "pin-bits = {icc}\npin-exponent = {of_card}").unwrap();
        }
        if offline == Offline::Static {
            writeln!(self.applications, "authentication-code = \"DAC1\"").unwrap();
        }
        self.applications.push('\n');
    }

    /// The records, spread over one to three files; the files in the order of the locator.
    fn records(&mut self, place: usize, offline: Offline, pin_key: bool) -> Vec<usize> {
        let has_key = pin_key || matches!(offline, Offline::Dynamic | Offline::Combined);
        let enciphers = self.pin && has_key && self.numbers.chance();
        let cvm = if enciphers { "cvm-enciphered" } else { "cvm" };
        let mut data = vec!["number", "sequence", "expiry", "effective", "country", "usage", "cdol-1", "cdol-2", cvm];
        if offline != Offline::No {
            data.push("signed-tags");
        }
        if self.numbers.chance() {
            data.push("discretionary");
        }
        let mut file = 1 + self.numbers.below(3);
        let mut files = vec![file];
        self.record(place, file, 1, &["track", "holder"], false);
        file += self.numbers.below(3);
        let mut number = if files.contains(&file) { 2 } else { 1 };
        // One record or two, of which the first or both are signed.
        let cut = 1 + self.numbers.below(data.len());
        let (first, second) = data.split_at(cut);
        let both = self.numbers.chance();
        self.record(place, file, number, first, offline != Offline::No);
        if !second.is_empty() {
            number += 1;
            self.record(place, file, number, second, offline != Offline::No && both);
        }
        files.push(file);
        let mut further: Vec<&[&str]> = Vec::new();
        if offline != Offline::No {
            further.extend([&["index", "issuer-exponent", "issuer-remainder"][..], &["issuer-certificate"]]);
        }
        match offline {
            Offline::No => {}
            Offline::Static => further.push(&["signed-data"]),
            Offline::Dynamic | Offline::Combined => {
                further.extend([&["icc-certificate"][..], &["icc-exponent", "icc-remainder", "ddol"]]);
            }
        }
        if pin_key {
            further.extend([&["pin-certificate"][..], &["pin-exponent", "pin-remainder"]]);
        }
        file += 1 + self.numbers.below(2);
        for (position, content) in further.iter().enumerate() {
            self.record(place, file, position + 1, content, false);
            files.push(file);
        }
        files.dedup();
        files
    }

    fn record(&mut self, place: usize, file: usize, number: usize, content: &[&str], signed: bool) {
        let name = format!("record-{place}-{file}-{number}");
        let parts: Vec<String> = content.iter().map(|part| (*part).to_owned()).collect();
        self.template(&name, "70", &parts);
        self.dgi(&format!("{file:02X}{number:02X}"), &[&name], "clear", true, signed);
    }

    /// What SELECT and GET PROCESSING OPTIONS answer, and what the application keeps.
    fn answers(&mut self, place: usize, files: &[usize]) {
        let parts = [format!("label-{place}"), format!("priority-{place}")];
        self.template(&format!("selection-{place}"), "A5", &parts);
        let files: Vec<String> = files.iter().map(ToString::to_string).collect();
        let locator = format!("tag = \"94\"\nsource = \"file-locator\"\nfiles = [{}]", files.join(", "));
        self.element(&format!("locator-{place}"), &locator);
        self.dgi("9102", &[&format!("selection-{place}")], "clear", false, false);
        self.dgi("9104", &["profile", &format!("locator-{place}")], "clear", false, false);
        self.dgi("3000", &["issuer-data", "lower", "upper"], "clear", false, false);
    }

    fn secrets(&mut self, offline: Offline, pin_key: bool) {
        self.dgi("8000", &["keys"], "dek", false, false);
        self.dgi("9000", &["check-values"], "clear", false, false);
        if self.pin {
            self.dgi("9010", &["tries"], "clear", false, false);
            self.dgi("8010", &["pin"], "dek", true, false);
        }
        if matches!(offline, Offline::Dynamic | Offline::Combined) {
            self.private_key("icc", ["8101", "8103"], "820");
        }
        if pin_key {
            self.private_key("pin", ["8102", "8104"], "830");
        }
    }

    fn private_key(&mut self, key: &str, [exponent, modulus]: [&str; 2], primes: &str) {
        if self.numbers.chance() {
            self.dgi(exponent, &[&format!("{key}-key-exponent")], "dek-padded", false, false);
            return self.dgi(modulus, &[&format!("{key}-key-modulus")], "clear", false, false);
        }
        let parts = ["q-inverse", "exponent-q", "exponent-p", "q", "p"];
        for (position, part) in parts.iter().enumerate() {
            let identifier = format!("{primes}{}", position + 1);
            self.dgi(&identifier, &[&format!("{key}-key-{part}")], "dek-padded", false, false);
        }
    }
}
