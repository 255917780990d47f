//! `cardwright-center`: sets up, administers and runs an issuing center. One file per resource or verb.

mod acting;
mod base;
mod campaign;
mod card;
mod card_show;
mod configuration;
mod context;
#[cfg(feature = "failpoints")]
mod failpoints;
mod failure;
mod host;
mod host_export;
mod init;
mod issuer_ca;
mod key;
mod key_file;
mod log;
mod order;
mod order_enter;
mod order_face;
mod order_import;
mod order_show;
mod output_file;
mod person;
mod pin_mailer;
mod piv_ca;
mod pool;
mod product;
mod profile;
mod profile_preview;
mod program;
mod progress;
mod reader;
mod report;
mod rsa_size;
mod serve;
mod stock;
mod terminal;
mod ticket;
mod until;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use context::Context;
use failure::Failure;
use report::Report;

/// Where a center keeps everything, unless --state says otherwise.
const STATE: &str = "/var/lib/cardwright/center";

/// The issuing center: orders in, cards out.
#[derive(Parser)]
#[command(
    name = "cardwright-center",
    version,
    after_help = "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 the environment, 4 outcome unknown"
)]
struct Cli {
    /// The directory of the center's state: configuration, keystore and database
    #[arg(long, global = true, value_name = "DIR", default_value = STATE, env = "CARDWRIGHT_CENTER_STATE")]
    state: PathBuf,
    /// Answer in JSON
    #[arg(long, global = true)]
    json: bool,
    /// A file whose first line is the keystore's passphrase; otherwise CARDWRIGHT_CENTER_PASSPHRASE is
    #[arg(long, global = true, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Set up a new center: keystore, database, first person
    Init(init::Init),
    /// Places where cards are written
    #[command(subcommand)]
    Base(base::Command),
    /// People and their roles
    #[command(subcommand)]
    Person(person::Command),
    /// Card products
    #[command(subcommand)]
    Product(product::Command),
    /// Profiles
    #[command(subcommand)]
    Profile(profile::Command),
    /// Programs that cards are loaded with
    #[command(subcommand)]
    Program(program::Command),
    /// Keys of the keystore
    #[command(subcommand)]
    Key(key::Command),
    /// EMV certification authorities and issuers' keys
    #[command(subcommand)]
    IssuerCa(issuer_ca::Command),
    /// Authorities that certify the keys which PIV cards make
    #[command(subcommand)]
    PivCa(piv_ca::Command),
    /// Generated PINs for who prints them
    #[command(subcommand)]
    PinMailer(pin_mailer::Command),
    /// Cards' RSA keys, made ahead
    #[command(subcommand)]
    Pool(pool::Command),
    /// Blank cards
    #[command(subcommand)]
    Stock(stock::Command),
    /// The branch machines that may connect
    #[command(subcommand)]
    Terminal(terminal::Command),
    /// The reader/writers that terminals may work with
    #[command(subcommand)]
    Reader(reader::Command),
    /// Operators' releases of orders to terminals
    #[command(subcommand)]
    Ticket(ticket::Command),
    /// Run the center
    Serve(serve::Serve),
    /// Customers' orders
    #[command(subcommand)]
    Order(order::Command),
    /// The issuer's host
    #[command(subcommand)]
    Host(host::Command),
    /// One change of many cards
    #[command(subcommand)]
    Campaign(campaign::Command),
    /// Cards
    #[command(subcommand)]
    Card(card::Command),
    /// The log
    #[command(subcommand)]
    Log(log::Command),
    /// The places at which a test can let the process die
    #[cfg(feature = "failpoints")]
    Failpoints,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.json;
    match run(cli).await {
        Ok(report) => report.print(json),
        Err(failure) => failure.print(json),
    }
}

async fn run(cli: Cli) -> Result<Report, Failure> {
    let context = Context::new(cli.state, cli.passphrase_file)?;
    if !matches!(cli.command, Command::Serve(_)) {
        // What the database or the keystore said, beside the sentence for people; no value and no secret is in it.
        let errors = tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::ERROR);
        errors.with_ansi(false).init();
    }
    match cli.command {
        Command::Init(init) => init.run(&context).await,
        Command::Base(command) => command.run(&context).await,
        Command::Person(command) => command.run(&context).await,
        Command::Product(command) => command.run(&context).await,
        Command::Profile(command) => command.run(&context).await,
        Command::Program(command) => command.run(&context).await,
        Command::Key(command) => command.run(&context).await,
        Command::IssuerCa(command) => command.run(&context).await,
        Command::PivCa(command) => command.run(&context).await,
        Command::PinMailer(command) => command.run(&context).await,
        Command::Pool(command) => command.run(&context).await,
        Command::Stock(command) => command.run(&context).await,
        Command::Terminal(command) => command.run(&context).await,
        Command::Reader(command) => command.run(&context).await,
        Command::Ticket(command) => command.run(&context).await,
        Command::Serve(serve) => serve.run(&context, cli.json).await,
        Command::Order(command) => command.run(&context).await,
        Command::Host(command) => command.run(&context).await,
        Command::Campaign(command) => command.run(&context).await,
        Command::Card(command) => command.run(&context).await,
        Command::Log(command) => command.run(&context).await,
        #[cfg(feature = "failpoints")]
        Command::Failpoints => Ok(failpoints::list()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_one_that_can_be_parsed() {
        super::Cli::command().debug_assert();
    }
}
