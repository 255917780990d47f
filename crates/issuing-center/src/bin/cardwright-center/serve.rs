//! `serve`: the center runs until it is told to stop.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use cardwright_issuing_center::authority::AuthorityError;
use cardwright_issuing_center::refused::Refused;
use cardwright_issuing_center::server::Limits;
use cardwright_issuing_center::service::{Options, Service, ServiceError};
use cardwright_issuing_center::session::Engine;
use cardwright_relay::Code;
use clap::Args;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::context::Context;
use crate::failure::Failure;
use crate::report::Report;

#[derive(Args)]
pub(crate) struct Serve {
    /// Address of the terminals' listener, instead of the configuration's; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    terminals: Option<SocketAddr>,
    /// Address of the API, instead of the configuration's; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    api: Option<SocketAddr>,
}

impl Serve {
    pub(crate) async fn run(self, context: &Context, json: bool) -> Result<Report, Failure> {
        let filter = EnvFilter::try_from_env("CARDWRIGHT_TRACE").unwrap_or_else(|_| EnvFilter::new("info"));
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
        // Before anything listens, so that a signal is never lost.
        let told = |error| Failure::file("signals", error);
        let mut terminate = signal(SignalKind::terminate()).map_err(told)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(told)?;
        let center = context.center().await?;
        let options = Options {
            terminals: self.terminals.unwrap_or(context.configuration.terminals),
            api: self.api.unwrap_or(context.configuration.api),
            state_directory: context.state.clone(),
            limits: Limits::default(),
            pool: context.configuration.pool.levels(),
        };
        let engine = Arc::new(Engine::new(center.clone()));
        let service = Service::start(center.clone(), engine, &options).await;
        let service = service.map_err(|error| failure(error, context))?;
        ready(&service, json)?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        let whole = service.stop().await;
        center.store.close().await;
        let text = if whole { "stopped" } else { "stopped; some exchanges did not come to their end" };
        Ok(Report::new(text, json!({ "stopped": { "whole": whole } })))
    }
}

/// One line that says that both addresses answer; whoever started us may read it.
fn ready(service: &Service, json: bool) -> Result<(), Failure> {
    let (terminals, api) = (service.terminals, service.api);
    let line = if json {
        json!({ "ready": { "terminals": terminals.to_string(), "api": api.to_string() } }).to_string()
    } else {
        format!("ready terminals={terminals} api={api}")
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|error| Failure::file("standard output", error))
}

fn failure(error: ServiceError, context: &Context) -> Failure {
    match error {
        ServiceError::Store(error) => error.into(),
        ServiceError::Listen { address, error } => Failure::file(address, error),
        ServiceError::NotSetUp => Refused::with(Code::CENTER_MISSING, [context.state.display().to_string()]).into(),
        ServiceError::Authority(AuthorityError::Keystore(error)) => error.into(),
        ServiceError::Authority(AuthorityError::File { path, error }) => Failure::file(path, error),
        other => Failure::file("the authority's certificate", other),
    }
}
