//! What people and programs are told: sentences, or one JSON object a line (`--json`). Never personal data.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};

use cardwright_relay::message::{Outcome, Refusal, Ticket};
use cardwright_relay::terminal::End;
use cardwright_relay::text::{Language, Said};

use crate::failure::{Exit, Failure};
use crate::inserting::order_of;
use crate::screen::{self, Sentence, filled};
use crate::told::Told;

/// Speaks on standard output; the progress bar is on standard error.
pub struct Voice {
    json: bool,
    language: Language,
    bar: Mutex<Option<ProgressBar>>,
}

impl Voice {
    /// A voice in `language`, or in JSON.
    #[must_use]
    pub fn new(json: bool, language: Language) -> Self {
        Self { json, language, bar: Mutex::new(None) }
    }

    /// The language it speaks.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// Tells of an event: its name and fields for programs, a sentence in English and one in Japanese for people.
    pub fn tell(&self, event: &str, fields: Value, english: &str, japanese: &str) {
        // the log learns that it happened, and never a field: one might be of a card
        tracing::info!(event);
        if self.json {
            return line(&merged(json!({ "event": event }), fields).to_string());
        }
        line(self.choose(english, japanese));
    }

    /// Tells a sentence of the screen; `fields` fill its names.
    pub fn say(&self, sentence: &Sentence, fields: Value) {
        let (english, japanese) = (filled(sentence.english, &fields), filled(sentence.japanese, &fields));
        self.tell(sentence.event, fields, &english, &japanese);
    }

    /// Tells what the center has to say of the card. The log learns the code alone.
    pub fn notice(&self, notice: &Refusal) {
        self.finish_bar();
        let said = notice.say(self.language);
        let code = notice.code.to_string();
        tracing::info!(code, "notice");
        if self.json {
            return line(&merged(json!({ "event": "notice" }), told(notice, &said)).to_string());
        }
        line(format!("{} {}", said.happened, said.next).trim_end());
    }

    /// Tells how far the script is, commands answered and commands in all.
    pub fn progress(&self, done: usize, total: usize) {
        if self.json {
            return line(&json!({ "event": "progress", "done": done, "total": total }).to_string());
        }
        let Ok(mut held) = self.bar.lock() else { return };
        let bar = held.get_or_insert_with(|| bar(total as u64));
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    }

    fn finish_bar(&self) {
        if let Some(bar) = self.bar.lock().ok().and_then(|mut held| held.take()) {
            bar.finish_and_clear();
        }
    }

    /// Tells how a session ended that carried out the order of `told`: a sentence, a code and a next step on everything
    /// but success. For programs it is a `result` where it is the `last` of its card, and else a `verdict`.
    pub fn end(&self, ticket: &Ticket, end: &End, told: Option<&Told>, last: bool) -> Exit {
        self.finish_bar();
        if let Some(notice) = &end.notice {
            self.notice(notice);
        }
        let another = told.filter(|told| told.is_another_than(ticket));
        let fields = json!({
            "order": another.map_or_else(|| order_of(ticket), |told| json!(told.order)),
            "outcome": outcome_name(end.outcome),
            "card": end.card,
            "waiting": end.waiting,
        });
        let event = if last { "result" } else { "verdict" };
        match &end.refusal {
            // people are told at once how many are done, and that the card stays in
            None if !last && !self.json => (),
            None => {
                let is_the_card = ticket.is_desk() || another.is_some();
                let sentence = if is_the_card { screen::CARD_DONE } else { screen::ORDER_DONE };
                self.say(&Sentence { event, ..sentence }, fields);
            }
            Some(refusal) => self.refusal(event, fields, refusal),
        }
        if !self.json {
            self.advise(ticket, end, told);
        }
        match (end.outcome, &end.refusal) {
            (Outcome::Issued, _) => Exit::Done,
            (Outcome::Unknown, _) => Exit::Unknown,
            (_, Some(refusal)) => Exit::of_refusal(refusal),
            (_, None) => Exit::Refused,
        }
    }

    /// What people are told beside the end; programs have it in the fields.
    fn advise(&self, ticket: &Ticket, end: &End, told: Option<&Told>) {
        let mut advice = Vec::new();
        if end.outcome == Outcome::Unknown && end.refusal.as_ref().is_none_or(|why| !why.code.tells_unknown()) {
            advice.push(screen::UNKNOWN);
        }
        if end.outcome == Outcome::Issued && told.is_some_and(Told::keeps_the_card) {
            advice.push(screen::KEEP);
        }
        if !ticket.is_desk() && end.waiting > 0 {
            advice.push(screen::FURTHER);
        }
        let fields = json!({ "waiting": end.waiting });
        for sentence in advice {
            line(&filled(self.choose(sentence.english, sentence.japanese), &fields));
        }
    }

    /// Tells people that the card may be taken out: the program ends, and programs need no word of that.
    pub fn may_be_taken_out(&self) {
        if !self.json {
            line(self.choose(screen::REMOVE.english, screen::REMOVE.japanese));
        }
    }

    /// Tells that something was not done, why, and what to do next.
    pub fn failure(&self, failure: &Failure) -> Exit {
        self.finish_bar();
        self.refused(json!({ "outcome": "refused" }), &failure.refusal());
        failure.exit()
    }

    /// Tells of something that is wrong and does not end the program.
    pub fn problem(&self, failure: &Failure) {
        self.refusal("problem", json!({}), &failure.refusal());
    }

    /// The last word on something that was done.
    pub fn result(&self, fields: Value, english: &str, japanese: &str) {
        self.tell("result", fields, english, japanese);
    }

    fn refused(&self, fields: Value, refusal: &Refusal) {
        self.refusal("result", fields, refusal);
    }

    fn refusal(&self, event: &str, fields: Value, refusal: &Refusal) {
        let said = refusal.say(self.language);
        let code = refusal.code.to_string();
        tracing::warn!(code, parameters = ?refusal.parameters);
        if self.json {
            return line(&merged(merged(json!({ "event": event }), fields), told(refusal, &said)).to_string());
        }
        line(&format!("{code}: {}\n         {}", said.happened, said.next));
    }

    fn choose<'a>(&self, english: &'a str, japanese: &'a str) -> &'a str {
        match self.language {
            Language::English => english,
            Language::Japanese => japanese,
        }
    }
}

fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Issued => "issued",
        Outcome::FailedClean => "failed-clean",
        Outcome::Unknown => "unknown",
        Outcome::Refused => "refused",
    }
}

/// What programs get of a code: the code, its parameters, and its sentences.
fn told(refusal: &Refusal, said: &Said<String>) -> Value {
    let code = refusal.code.to_string();
    json!({ "code": code, "parameters": refusal.parameters, "happened": said.happened, "next": said.next })
}

fn bar(total: u64) -> ProgressBar {
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(total) } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// One line; nobody may be listening any more.
fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn merged(first: Value, second: Value) -> Value {
    let parts = [first, second].into_iter().filter_map(|value| match value {
        Value::Object(fields) => Some(fields),
        _ => None,
    });
    Value::Object(parts.flatten().collect::<Map<_, _>>())
}
