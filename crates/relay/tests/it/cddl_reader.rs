//! Reads as much of CDDL (RFC 8610) as `docs/messages.cddl` uses, and checks bytes against it: maps with integer
//! keys, arrays of fixed and of any length, choices, `.size`, and the names of the prelude.

use std::collections::BTreeMap;

use minicbor::Decoder;
use minicbor::data::Type as Major;

/// The right side of a rule.
#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Map(Vec<Entry>),
    Fixed(Vec<Shape>),
    Any(Box<Shape>),
    Choice(Vec<Shape>),
    Bytes(Option<usize>),
    Text,
    Exactly(String),
    Unsigned,
    Signed,
    Boolean,
    Number(u64),
    Name(String),
}

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    key: u64,
    optional: bool,
    shape: Shape,
}

/// All rules of a file.
pub(crate) struct Rules(BTreeMap<String, Shape>);

impl Rules {
    /// Reads a file; panics where it goes beyond the subset.
    pub(crate) fn read(text: &str) -> Self {
        let code: String = text.lines().map(|line| line.split(';').next().unwrap_or("")).collect::<Vec<_>>().join("\n");
        let mut tokens = Tokens::of(&code);
        let mut rules = BTreeMap::new();
        while let Some(name) = tokens.next() {
            tokens.expect("=");
            let shape = tokens.choice();
            assert!(rules.insert(name.clone(), shape).is_none(), "{name} is there twice");
        }
        Self(rules)
    }

    /// The rules' names, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether exactly `bytes` are what the rule says.
    pub(crate) fn fits(&self, rule: &str, bytes: &[u8]) -> Result<(), String> {
        let mut decoder = Decoder::new(bytes);
        self.check(&self.0[rule], &mut decoder)?;
        if decoder.position() == bytes.len() { Ok(()) } else { Err("bytes left over".into()) }
    }

    fn check(&self, shape: &Shape, decoder: &mut Decoder) -> Result<(), String> {
        let say = |error: minicbor::decode::Error| format!("{shape:?}: {error}");
        match shape {
            Shape::Name(name) => self.check(self.0.get(name).ok_or(format!("no rule {name}"))?, decoder),
            Shape::Map(entries) => self.check_map(entries, decoder),
            Shape::Any(inner) => {
                let count = decoder.array().map_err(say)?.ok_or("an indefinite length")?;
                (0..count).try_for_each(|_| self.check(inner, decoder))
            }
            Shape::Fixed(items) => {
                let count = decoder.array().map_err(say)?;
                (count == Some(items.len() as u64)).then_some(()).ok_or(format!("{count:?} items"))?;
                items.iter().try_for_each(|item| self.check(item, decoder))
            }
            Shape::Choice(shapes) => {
                let start = decoder.position();
                let fitting = shapes.iter().find(|shape| {
                    decoder.set_position(start);
                    self.check(shape, decoder).is_ok()
                });
                fitting.map(|_| ()).ok_or(format!("none of {shapes:?}"))
            }
            Shape::Bytes(size) => {
                let found = decoder.bytes().map_err(say)?.len();
                size.is_none_or(|size| size == found).then_some(()).ok_or(format!("{found} bytes"))
            }
            Shape::Text => decoder.str().map(|_| ()).map_err(say),
            Shape::Exactly(text) => (decoder.str().map_err(say)? == text).then_some(()).ok_or(format!("not {text}")),
            Shape::Unsigned => decoder.u64().map(|_| ()).map_err(say),
            Shape::Signed => decoder.i64().map(|_| ()).map_err(say),
            Shape::Boolean => decoder.bool().map(|_| ()).map_err(say),
            Shape::Number(number) => {
                (decoder.u64().map_err(say)? == *number).then_some(()).ok_or(format!("not {number}"))
            }
        }
    }

    fn check_map(&self, entries: &[Entry], decoder: &mut Decoder) -> Result<(), String> {
        if !matches!(decoder.datatype(), Ok(Major::Map)) {
            return Err("not a map".into());
        }
        let count = decoder.map().map_err(|error| error.to_string())?.unwrap_or_default();
        let mut seen = Vec::new();
        for _ in 0..count {
            let key = decoder.u64().map_err(|error| error.to_string())?;
            let entry = entries.iter().find(|entry| entry.key == key).ok_or(format!("key {key} is not in the file"))?;
            self.check(&entry.shape, decoder).map_err(|why| format!("key {key}: {why}"))?;
            seen.push(key);
        }
        if !seen.is_sorted_by(|one, next| one < next) {
            return Err("keys are not ascending".into());
        }
        match entries.iter().find(|entry| !entry.optional && !seen.contains(&entry.key)) {
            Some(missing) => Err(format!("key {} is missing", missing.key)),
            None => Ok(()),
        }
    }
}

struct Tokens(std::iter::Peekable<std::vec::IntoIter<String>>);

impl Tokens {
    fn of(code: &str) -> Self {
        let mut tokens = Vec::new();
        let mut rest = code.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = match first {
                '"' => rest[1..].find('"').expect("the text is closed") + 2,
                '=' if rest.starts_with("=>") => 2,
                '=' | '{' | '}' | '[' | ']' | ',' | '/' | '?' | '*' => 1,
                _ => rest.find(|sign: char| !(sign.is_alphanumeric() || "-.".contains(sign))).unwrap_or(rest.len()),
            };
            assert!(length > 0, "not in the subset: {rest}");
            tokens.push(rest[..length].to_owned());
            rest = rest[length..].trim_start();
        }
        Self(tokens.into_iter().peekable())
    }

    fn next(&mut self) -> Option<String> {
        self.0.next()
    }

    fn expect(&mut self, token: &str) {
        assert_eq!(self.0.next().as_deref(), Some(token));
    }

    fn take(&mut self, token: &str) -> bool {
        self.0.next_if(|next| next == token).is_some()
    }

    fn choice(&mut self) -> Shape {
        let mut shapes = vec![self.shape()];
        while self.take("/") {
            shapes.push(self.shape());
        }
        if shapes.len() == 1 { shapes.remove(0) } else { Shape::Choice(shapes) }
    }

    fn shape(&mut self) -> Shape {
        let token = self.0.next().expect("a type");
        match token.as_str() {
            "{" => Shape::Map(self.entries()),
            "[" if self.take("*") => {
                let inner = self.choice();
                self.expect("]");
                Shape::Any(Box::new(inner))
            }
            "[" => {
                let mut items = vec![self.choice()];
                while self.take(",") {
                    items.push(self.choice());
                }
                self.expect("]");
                Shape::Fixed(items)
            }
            "bstr" if self.take(".size") => Shape::Bytes(Some(self.number() as usize)),
            "bstr" => Shape::Bytes(None),
            "tstr" => Shape::Text,
            "uint" => Shape::Unsigned,
            "int" => Shape::Signed,
            "bool" => Shape::Boolean,
            text if text.starts_with('"') => Shape::Exactly(text.trim_matches('"').to_owned()),
            digits if digits.chars().all(|digit| digit.is_ascii_digit()) => {
                Shape::Number(digits.parse().expect("a number"))
            }
            name => Shape::Name(name.to_owned()),
        }
    }

    fn entries(&mut self) -> Vec<Entry> {
        let mut entries = Vec::new();
        while !self.take("}") {
            let optional = self.take("?");
            let key = self.number();
            self.expect("=>");
            entries.push(Entry { key, optional, shape: self.choice() });
            self.take(",");
        }
        entries
    }

    fn number(&mut self) -> u64 {
        self.0.next().expect("a number").parse().expect("a number")
    }
}
