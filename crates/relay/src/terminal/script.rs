//! Running one script: command by command, stopping before the next one wherever an answer is not as it must be.

use std::time::Duration;

use minicbor::bytes::ByteVec;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use cardwright_apdu::{Response, StatusWord};

use super::{CardEvent, Next, Posting, Run, Transmit, USUAL_LIMIT};
use crate::message::{Id, Progress, Refusal, Script, ScriptCommand, ScriptResult, Stop, StopReason};

/// PROGRESS at most 4 times a second.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// A script that is being run; what is left of it is wiped when it is dropped.
pub(super) struct ScriptRun {
    session: Id,
    step: u16,
    script: Id,
    deadline: Duration,
    /// last first
    remaining: Vec<ScriptCommand>,
    total: usize,
    answers: Vec<ByteVec>,
    allowed: Option<Vec<u16>>,
    answer_hash: Option<[u8; 32]>,
    last_progress: Duration,
    notice: Option<Refusal>,
    pub(super) cancelled: bool,
}

impl Drop for ScriptRun {
    fn drop(&mut self) {
        self.remaining.iter_mut().for_each(|command| command.apdu.zeroize());
        self.answers.iter_mut().for_each(|answer| answer.zeroize());
    }
}

impl ScriptRun {
    /// Begins a script received at `now`.
    pub(super) fn begin(script: Script, now: Duration, cancelled: bool) -> Next {
        let mut remaining = script.commands;
        remaining.reverse();
        let run = Self {
            session: script.session,
            step: script.step,
            script: script.script,
            deadline: now + Duration::from_millis(script.deadline.into()),
            total: remaining.len(),
            remaining,
            answers: Vec::new(),
            allowed: None,
            answer_hash: None,
            last_progress: now,
            notice: script.notice,
            cancelled,
        };
        run.next(now)
    }

    /// Commands answered, and commands in all.
    pub(super) fn position(&self) -> (usize, usize) {
        (self.answers.len(), self.total)
    }

    fn next(mut self, now: Duration) -> Next {
        if self.remaining.is_empty() {
            return self.result(None);
        }
        if self.cancelled {
            return self.result(Some(StopReason::Cancelled));
        }
        if now >= self.deadline {
            return self.result(Some(StopReason::Deadline));
        }
        let Some(mut command) = self.remaining.pop() else {
            return self.result(None);
        };
        self.allowed = command.allowed.take();
        self.answer_hash = command.answer_hash.map(<[u8; 32]>::from);
        Next::Transmit(Transmit {
            apdu: Zeroizing::new(std::mem::take(&mut *command.apdu)),
            limit: command.limit.map_or(USUAL_LIMIT, |limit| Duration::from_millis(limit.into())),
            progress: self.progress(now),
            notice: self.notice.take(),
            run: Run::Script(Box::new(self)),
        })
    }

    fn progress(&mut self, now: Duration) -> Option<Progress> {
        if now.saturating_sub(self.last_progress) < PROGRESS_EVERY {
            return None;
        }
        self.last_progress = now;
        Some(Progress { session: self.session, step: self.step, index: self.answers.len() as u16 })
    }

    pub(super) fn answered(mut self, event: CardEvent, now: Duration) -> Next {
        let answer = match event {
            CardEvent::Answer(answer) => answer,
            CardEvent::CardGone => return self.result(Some(StopReason::CardGone)),
            CardEvent::TimedOut => return self.result(Some(StopReason::TimedOut)),
            CardEvent::ReaderGone => return self.result(Some(StopReason::ReaderGone)),
        };
        let Ok(response) = Response::parse(&answer) else {
            return self.result(Some(StopReason::ReaderGone));
        };
        let stop = self.objection(&answer, response.status);
        self.answers.push(answer.to_vec().into());
        match stop {
            Some(reason) => self.result(Some(reason)),
            None => self.next(now),
        }
    }

    /// Why the list may not go on after this answer.
    fn objection(&self, answer: &[u8], status: StatusWord) -> Option<StopReason> {
        let allowed = self.allowed.as_deref().unwrap_or(&[StatusWord::SUCCESS.0]);
        if !allowed.contains(&status.0) {
            return Some(StopReason::Status);
        }
        let other = self.answer_hash.is_some_and(|hash| hash != <[u8; 32]>::from(Sha256::digest(answer)));
        other.then_some(StopReason::OtherAnswer)
    }

    fn result(mut self, reason: Option<StopReason>) -> Next {
        let stopped = reason.map(|reason| {
            let answered_wrongly = matches!(reason, StopReason::Status | StopReason::OtherAnswer);
            let index = self.answers.len() - usize::from(answered_wrongly);
            Stop { index: index as u16, reason }
        });
        let mut result = ScriptResult {
            session: self.session,
            step: self.step,
            script: self.script,
            answers: std::mem::take(&mut self.answers),
            stopped,
        };
        let posting = Posting::result(&result);
        result.answers.iter_mut().for_each(|answer| answer.zeroize());
        Next::Post(posting)
    }
}
