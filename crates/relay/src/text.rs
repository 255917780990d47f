//! For every code, what happened and what to do next, in English and Japanese.
//!
//! Texts are made here and nowhere else, at the edge, from a code and its parameters. `docs/errors.md` is
//! generated from these tables.

mod card;
mod center;
mod kind;
mod machine;
mod order;
mod page;
mod terminal;

pub use page::errors_page;

use crate::Code;
use crate::message::Refusal;

/// The languages there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English
    #[default]
    English,
    /// Japanese
    Japanese,
}

/// What a person is told. In a [`Text`], `{name}` stands for a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said<T> {
    /// what happened
    pub happened: T,
    /// what to do next
    pub next: T,
}

/// One code's texts.
#[derive(Debug)]
pub struct Text {
    /// the code
    pub code: Code,
    /// the names of its parameters, in the order in which a [`Refusal`] carries them
    pub parameters: &'static [&'static str],
    /// in English
    pub english: Said<&'static str>,
    /// in Japanese
    pub japanese: Said<&'static str>,
}

impl Text {
    /// The texts of a code; `None` for a code of a newer version.
    #[must_use]
    pub fn of(code: Code) -> Option<&'static Self> {
        Self::all().find(|text| text.code == code)
    }

    /// All texts, by ascending code.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        [center::TEXTS, terminal::TEXTS, card::TEXTS, order::TEXTS, machine::TEXTS].into_iter().flatten()
    }

    fn in_language(&self, language: Language) -> &Said<&'static str> {
        match language {
            Language::English => &self.english,
            Language::Japanese => &self.japanese,
        }
    }
}

impl Refusal {
    /// A refusal of `code` with its parameters.
    #[must_use]
    pub fn new(code: Code, parameters: &[&str]) -> Self {
        Self { code, parameters: parameters.iter().map(|parameter| (*parameter).to_owned()).collect() }
    }

    /// What happened and what to do next. A parameter that was not sent shows as its name in braces.
    #[must_use]
    pub fn say(&self, language: Language) -> Said<String> {
        let Some(text) = Text::of(self.code) else {
            return unknown(language);
        };
        let said = text.in_language(language);
        let fill = |sentence: &str| {
            let pairs = text.parameters.iter().zip(&self.parameters);
            pairs.fold(sentence.to_owned(), |filled, (name, value)| {
                let value = if *name == kind::PARAMETER { kind::said(value, language) } else { value };
                filled.replace(&format!("{{{name}}}"), value)
            })
        };
        Said { happened: fill(said.happened), next: fill(said.next) }
    }
}

fn unknown(language: Language) -> Said<String> {
    let (happened, next) = match language {
        Language::English => ("A newer version refused this.", "Look the code up in the newer version's error list."),
        Language::Japanese => {
            ("新しいバージョンが拒否しました。", "新しいバージョンのエラー一覧でコードを確認してください。")
        }
    };
    Said { happened: happened.to_owned(), next: next.to_owned() }
}

/// A row of the tables: code, parameters, (what happened, what to do next) in English and in Japanese.
const fn text(
    code: Code,
    parameters: &'static [&'static str],
    english: (&'static str, &'static str),
    japanese: (&'static str, &'static str),
) -> Text {
    Text {
        code,
        parameters,
        english: Said { happened: english.0, next: english.1 },
        japanese: Said { happened: japanese.0, next: japanese.1 },
    }
}
