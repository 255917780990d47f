//! One session, driven: commands to the card, messages to the center, until the machine of the relay says it is over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use cardwright_relay::Message;
use cardwright_relay::encode;
use cardwright_relay::message::{Abort, Outcome, Progress, Refusal, Reply};
use cardwright_relay::terminal::{Awaited, End, Next, Posting, Start};

use crate::card::CardLink;
use crate::failure::Failure;
use crate::line::{Answer, Line};

/// How long one attempt to post may take.
const ATTEMPT: Duration = Duration::from_secs(15);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// How long messages are repeated while the line is broken.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// for OPEN: nothing was written yet
    pub open: Duration,
    /// for RESULT: without an answer the outcome is unknown
    pub result: Duration,
}

/// Whoever watches a session.
pub trait Watcher: Sync {
    /// What the operator is told before a script's first command.
    fn notice(&self, notice: &Refusal);
    /// How far the script is: commands answered, and commands in all.
    fn progress(&self, done: usize, total: usize);
    /// Whether the operator or the center no longer wants the session.
    fn is_cancelled(&self) -> bool;
}

/// Runs a session to its end.
pub async fn run(
    start: Start,
    card: &mut impl CardLink,
    line: &Arc<Line>,
    patience: Patience,
    watcher: &impl Watcher,
) -> End {
    let began = Instant::now();
    let mut next = start.begin();
    loop {
        next = match next {
            Next::Transmit(mut transmit) => {
                if let Some(notice) = transmit.notice.take() {
                    watcher.notice(&notice);
                }
                if let Some((done, total)) = transmit.progress_of_script() {
                    watcher.progress(done, total);
                }
                tell_progress(line, transmit.progress.take());
                let event = card.transmit(&transmit.apdu, transmit.limit).await;
                if watcher.is_cancelled() {
                    transmit.cancel();
                }
                transmit.done(event, began.elapsed())
            }
            Next::Post(posting) => post(posting, line, patience, watcher, began).await,
            Next::Done(end) => return farewell(end, line).await,
        };
    }
}

/// ABORT is posted once, and briefly: the center's own deadline settles it where this is lost. Where the center knows
/// more than the terminal (it had let the OPEN in), its word counts.
async fn farewell(end: End, line: &Line) -> End {
    let Some(abort) = &end.farewell else { return end };
    let answer = line.post(Abort::PATH, Zeroizing::new(abort.clone()), Duration::from_secs(2)).await;
    let Ok(Answer::Done(body)) = answer else { return end };
    match cardwright_relay::decode::<Reply>(&body) {
        Ok(Reply::Verdict(verdict)) if matches!(verdict.outcome, Outcome::Unknown | Outcome::Issued) => {
            End::told(verdict)
        }
        _ => end,
    }
}

/// PROGRESS goes beside the session: nothing waits for it, and it is not repeated.
fn tell_progress(line: &Arc<Line>, progress: Option<Progress>) {
    if let Some(progress) = progress {
        let line = Arc::clone(line);
        let bytes = Zeroizing::new(encode(&progress));
        tokio::spawn(async move { drop(line.post(Progress::PATH, bytes, Duration::from_secs(2)).await) });
    }
}

async fn post(mut posting: Posting, line: &Line, patience: Patience, watcher: &impl Watcher, began: Instant) -> Next {
    let delivered = deliver(&posting, line, patience, watcher).await;
    if watcher.is_cancelled() {
        posting.cancel();
    }
    match delivered {
        Ok(Delivered::Body(body)) => posting.replied(&body, began.elapsed()),
        Ok(Delivered::Refused(refusal)) => posting.refused(refusal),
        Err(reason) => posting.given_up(&reason),
    }
}

enum Delivered {
    Body(Zeroizing<Vec<u8>>),
    Refused(Refusal),
}

/// Posts the same bytes until the center has answered, or patience ends. A 5xx is no answer: the center may have
/// committed before it failed, and then the same bytes get what it committed. A RESULT is held against everything
/// that may pass, be it a center that fell or a stranger that answers in its place; OPEN ends at the first refusal.
async fn deliver(
    posting: &Posting,
    line: &Line,
    patience: Patience,
    watcher: &impl Watcher,
) -> Result<Delivered, String> {
    let may_pass = posting.awaited == Awaited::Settlement;
    let limit = if may_pass { patience.result } else { patience.open };
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let reason = match line.post(posting.path, posting.bytes.clone(), ATTEMPT).await {
            Ok(Answer::Done(body)) => return Ok(Delivered::Body(body)),
            Ok(Answer::Refused(status, refusal)) if status < 500 => return Ok(Delivered::Refused(refusal)),
            Ok(Answer::Refused(_, refusal)) => refusal.code.to_string(),
            Err(Failure::Unreachable(reason)) => reason,
            Err(failure) if !may_pass => return Ok(Delivered::Refused(failure.refusal())),
            Err(failure) => failure.to_string(),
        };
        tracing::warn!(path = posting.path, reason, "not answered, will be posted again");
        let gives_up = !may_pass && watcher.is_cancelled();
        if gives_up || began.elapsed() + pause >= limit {
            return Err(reason);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
