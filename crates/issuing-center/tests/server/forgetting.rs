//! What is over does not stay in the database.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cardwright_issuance::row::Challenge;
use cardwright_issuing_center::server::Limits;
use cardwright_issuing_center::service::{Options, Service};
use cardwright_issuing_center::store::{CHALLENGE_KEPT, Store};

use crate::world::World;

#[tokio::test]
async fn a_center_that_runs_forgets_challenges_that_are_over() {
    let mut world = World::start().await;
    world.terminal("counter 1", "north").await;
    let [terminal] = world.center.store.terminals().await.unwrap().try_into().unwrap();
    let now = world.center.now();
    let challenge = |byte: u8, expires| Challenge {
        id: [byte; 16].into(),
        value: [byte; 16].into(),
        terminal: terminal.id,
        expires,
        used_by: None,
    };
    let (over, waiting) = (challenge(1, now - CHALLENGE_KEPT - 1), challenge(2, now));
    world.center.store.add_challenges(&[over.clone(), waiting.clone()]).await.unwrap();
    world.service.take().unwrap().stop().await;
    let directory = tempfile::TempDir::new().unwrap();
    let any = "127.0.0.1:0".parse().unwrap();
    let options = Options {
        terminals: any,
        api: any,
        state_directory: directory.path().to_owned(),
        limits: Limits::default(),
        pool: Default::default(),
    };
    let service = Service::start(world.center.clone(), Arc::clone(&world.echo), &options).await.unwrap();
    let since = Instant::now();
    while world.center.store.challenge(over.id).await.unwrap().is_some() {
        assert!(since.elapsed() < Duration::from_secs(5), "it is still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(world.center.store.challenge(waiting.id).await.unwrap(), Some(waiting));
    service.stop().await;
}
