//! The subcommands, and what they share: the voice, the configuration, the way in.

mod doctor;
mod enrol;
mod issue;
mod probe;
mod readers;
mod run;
mod work;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use crate::arguments::{Arguments, Command};
use crate::configuration::Configuration;
use crate::failure::{Exit, Failure, language_of_environment};
use crate::identity::Identity;
use crate::issuing::Issuing;
use crate::line::Line;
use crate::presence::{Presence, new_id};
use crate::system::files;
use crate::tls;
use crate::voice::Voice;

/// What every subcommand has.
pub(crate) struct Place {
    pub(crate) state: PathBuf,
    pub(crate) configuration: Configuration,
    pub(crate) voice: Voice,
    /// turns true at the operator's first interrupt
    pub(crate) stop: watch::Receiver<bool>,
}

/// Does what the command line asks, says how it went, and how the program ends.
pub async fn run(arguments: Arguments) -> Exit {
    let language = arguments.language.map_or_else(language_of_environment, Into::into);
    let voice = Voice::new(arguments.json, language);
    let loaded = Configuration::load(arguments.config.as_deref(), &arguments.state, std::env::vars());
    let configuration = match loaded {
        Ok(configuration) => configuration,
        Err(failure) => return voice.failure(&failure),
    };
    if let Err(failure) = begin_log(&arguments.state) {
        return voice.failure(&failure);
    }
    let place = Place { state: arguments.state, configuration, voice, stop: interrupts() };
    let done = match arguments.command {
        Command::Enrol { center, code, anew } => enrol::enrol(&place, &center, &code, anew).await,
        Command::Doctor => doctor::doctor(&place).await,
        Command::Probe { reader } => probe::probe(&place, reader.as_deref()).await,
        Command::Readers => readers::readers(&place).await,
        Command::Run { reader } => run::run(&place, reader.as_deref()).await,
        Command::Issue { order, reader, wait } => issue::issue(&place, order.as_deref(), reader.as_deref(), wait).await,
    };
    done.unwrap_or_else(|failure| place.voice.failure(&failure))
}

impl Place {
    /// The line of an enrolled terminal; nothing is dialled yet.
    fn line(&self, identity: &Identity) -> Result<Arc<Line>, Failure> {
        let address = self.configuration.center.as_deref().unwrap_or(&identity.center);
        Ok(Arc::new(Line::new(address, tls::mutual(identity)?)?))
    }

    /// What issuing needs, with the center that `presence` is at.
    fn issuing<'a>(&'a self, presence: &'a Presence) -> Issuing<'a> {
        Issuing { presence, configuration: &self.configuration, voice: &self.voice, stop: self.stop.clone() }
    }

    /// HELLO as a new instance.
    async fn arrive(&self) -> Result<Arc<Presence>, Failure> {
        let identity = Arc::new(Identity::load(&self.state)?);
        let line = self.line(&identity)?;
        Ok(Arc::new(Presence::begin(line, identity, new_id()?).await?))
    }
}

/// Log lines hold events, codes and references; never an APDU, a challenge or a key.
fn begin_log(state: &std::path::Path) -> Result<(), Failure> {
    let place = state.join("log");
    files::make_private_directory(&place)?;
    let file = files::open_log(&place.join("terminal.log"))?;
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::INFO)
        .with_writer(std::sync::Mutex::new(file))
        .finish();
    // only the first of a process counts; tests may have set one
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

/// Turns true at the first SIGINT or SIGTERM; the second ends the program, whatever it does.
fn interrupts() -> watch::Receiver<bool> {
    let (told, stop) = watch::channel(false);
    tokio::spawn(async move {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut end)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return;
        };
        for times in 0..2 {
            tokio::select! {
                _ = interrupt.recv() => (),
                _ = end.recv() => (),
            }
            if times == 1 {
                std::process::exit(Exit::Unknown as i32);
            }
            let _ = told.send(true);
        }
    });
    stop
}
