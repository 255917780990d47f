//! The unprotected commands that a script ends with: what proves the card, and what leads on.

use cardwright_apdu::{Aid, Command, StatusWord};
use cardwright_globalplatform::{ChannelParameters, HostChallenge};
use cardwright_relay::message::ScriptCommand;

use super::cryptogram::Cryptograms;
use super::question::{Asking, Counted};
use super::worth::Flaw;

/// The end of a script.
pub(super) struct End {
    /// what proves the applications that were written, where no answer has a MAC
    pub(super) cryptograms: Option<Cryptograms>,
    /// what proves the issuer's script that the commands before it are
    pub(super) counted: Option<Counted>,
    /// what leads on
    pub(super) then: Then,
}

/// What leads on from a script.
pub(super) enum Then {
    /// nothing
    Nothing,
    /// the next channel is opened
    Reopen(Box<Tail>),
    /// an application is asked, before a script of its issuer's
    Question(Box<Asking>),
}

/// The unprotected commands at a script's end that open a channel which cannot be foreseen.
pub(super) struct Tail {
    pub(super) selected: Option<Command>,
    pub(super) update: Command,
    pub(super) parameters: ChannelParameters,
    pub(super) challenge: HostChallenge,
}

impl Tail {
    /// The answer to INITIALIZE UPDATE.
    pub(super) fn opened<'a>(&self, answers: &[&'a [u8]]) -> Result<&'a [u8], Flaw> {
        match (&self.selected, answers) {
            (None, [answer]) => Ok(answer),
            (Some(_), [selected, answer]) if selected.ends_with(&StatusWord::SUCCESS.0.to_be_bytes()) => Ok(answer),
            (Some(_), [_, _]) => Err(Flaw::Content("what must be selected was not")),
            _ => Err(Flaw::Content("the answer to INITIALIZE UPDATE is missing")),
        }
    }
}

impl Then {
    fn commands(&self) -> Vec<ScriptCommand> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Reopen(tail) => tail.selected.iter().chain([&tail.update]).map(plain).collect(),
            Self::Question(asking) => {
                let allowed = |command| ScriptCommand { allowed: Some(Asking::allowed()), ..plain(command) };
                asking.commands().iter().map(allowed).collect()
            }
        }
    }
}

impl End {
    /// Nothing but what leads on.
    pub(super) fn then(then: Then) -> Self {
        Self { cryptograms: None, counted: None, then }
    }

    /// Whether there is none.
    pub(super) fn is_nothing(&self) -> bool {
        self.cryptograms.is_none() && self.counted.is_none() && matches!(self.then, Then::Nothing)
    }

    /// The commands as the terminal gets them.
    pub(super) fn commands(&self) -> Vec<ScriptCommand> {
        let cryptograms = self.cryptograms.iter().flat_map(Cryptograms::commands);
        let counted = self.counted.iter().flat_map(Counted::commands);
        cryptograms.chain(counted).map(|command| plain(&command)).chain(self.then.commands()).collect()
    }

    /// The applications whose cryptograms are right, whatever became of the rest.
    pub(super) fn answered(&self, answers: &[&[u8]]) -> Vec<Aid> {
        self.cryptograms.iter().flat_map(|cryptograms| cryptograms.answered(answers).copied()).collect()
    }

    /// Whether the answers prove what was asked; and the rest of them, which lead on.
    pub(super) fn verify<'a, 'b>(&self, answers: &'b [&'a [u8]]) -> Result<(bool, &'b [&'a [u8]]), Flaw> {
        let mut rest = answers;
        if let Some(cryptograms) = &self.cryptograms {
            let (asked, others) = rest.split_at(cryptograms.count().min(rest.len()));
            cryptograms.verify(asked)?;
            rest = others;
        }
        if let Some(counted) = &self.counted {
            let (asked, others) = rest.split_at(Counted::COMMANDS.min(rest.len()));
            counted.verify(asked)?;
            rest = others;
        }
        let more = matches!(self.then, Then::Nothing) && !rest.is_empty();
        let proven = self.cryptograms.is_some() || self.counted.is_some();
        if more && proven { Err(Flaw::Content("there are more answers than commands")) } else { Ok((proven, rest)) }
    }
}

/// A command whose answer is 9000, as the terminal gets it.
pub(super) fn plain(command: &Command) -> ScriptCommand {
    ScriptCommand { apdu: command.to_bytes().into(), allowed: None, answer_hash: None, limit: None }
}
