//! The log: any change of it is found.

use cardwright_issuing_center::journal::{story, verification};
use cardwright_issuing_center::store::Store;
use cardwright_relay::Code;
use sqlx::{Connection, Row, SqliteConnection};

use crate::world::World;

async fn is_whole(world: &World) -> bool {
    match verification::verify(&*world.center.store).await {
        Ok(_) => true,
        Err(refused) => {
            assert_eq!(refused.code, Code::LOG_DAMAGED);
            false
        }
    }
}

#[tokio::test]
async fn a_flipped_byte_in_any_column_of_any_leaf_is_found() {
    let world = World::new().await;
    world.two_prepared().await;
    let whole = verification::verify(&*world.center.store).await.unwrap();
    let path = world.directory.path().join("center.sqlite");
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    let mut flips = 0;
    for index in 0..whole.size {
        for column in ["entry", "hash", "order_id"] {
            let select = format!("SELECT {column} FROM log_leaves WHERE leaf_index = {index}");
            let row = sqlx::query(sqlx::AssertSqlSafe(select)).fetch_one(&mut connection).await.unwrap();
            let Some(right) = row.get::<Option<Vec<u8>>, _>(0) else { continue };
            let places =
                if index % 5 == 0 { (0..right.len()).collect() } else { vec![0, right.len() / 2, right.len() - 1] };
            let update = format!("UPDATE log_leaves SET {column} = $1 WHERE leaf_index = {index}");
            for place in places {
                let mut wrong = right.clone();
                wrong[place] ^= 0x01;
                set(&mut connection, &update, wrong).await;
                assert!(!is_whole(&world).await, "leaf {index}, {column}, byte {place}");
                flips += 1;
            }
            set(&mut connection, &update, right).await;
        }
    }
    assert!(flips > 200, "only {flips} bytes were flipped");
    assert_eq!(verification::verify(&*world.center.store).await.unwrap(), whole, "all is put right again");
}

async fn set(connection: &mut SqliteConnection, update: &str, value: Vec<u8>) {
    let result = sqlx::query(sqlx::AssertSqlSafe(update.to_owned())).bind(value).execute(connection).await.unwrap();
    assert_eq!(result.rows_affected(), 1);
}

#[tokio::test]
async fn a_removed_added_reordered_or_renumbered_leaf_is_found() {
    let changes = [
        "DELETE FROM log_leaves WHERE leaf_index = 0",
        "DELETE FROM log_leaves WHERE leaf_index = 3",
        "DELETE FROM log_leaves WHERE leaf_index = (SELECT MAX(leaf_index) FROM log_leaves)",
        "UPDATE log_leaves SET leaf_index = -1 WHERE leaf_index = 4; \
         UPDATE log_leaves SET leaf_index = 4 WHERE leaf_index = 5; \
         UPDATE log_leaves SET leaf_index = 5 WHERE leaf_index = -1",
        "UPDATE log_leaves SET leaf_index = 1000 WHERE leaf_index = 5",
        "UPDATE log_leaves SET order_id = NULL WHERE leaf_index = (SELECT MAX(leaf_index) FROM log_leaves)",
        "UPDATE log_leaves SET order_id = zeroblob(16) WHERE leaf_index = 0",
        "UPDATE log_head SET size = size - 1",
        "UPDATE log_head SET size = size + 1",
        "UPDATE log_head SET root = zeroblob(32)",
        "UPDATE log_head SET edge = zeroblob(length(edge))",
        "UPDATE log_head SET size = 0",
        "DELETE FROM log_leaves WHERE leaf_index >= 2; UPDATE log_head SET size = 2",
    ];
    for change in changes {
        let world = World::new().await;
        world.two_prepared().await;
        assert!(is_whole(&world).await);
        assert!(world.tamper(change).await > 0, "{change}");
        assert!(!is_whole(&world).await, "{change}");
    }
}

#[tokio::test]
async fn the_story_of_an_order_is_told_with_names() {
    let world = World::new().await;
    let orders = world.two_prepared().await;
    let told: Vec<_> = story::of_order(&*world.center.store, orders[0].id).await.unwrap();
    let lines: Vec<_> = told.iter().map(story::Told::line).collect();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    for (line, words) in lines.iter().zip(["came in", "is approved", "is prepared"]) {
        assert!(line.contains(words) && line.contains("order R-1"), "{line}");
    }
    assert!(lines[0].contains("by Eve") && lines[1].contains("by Ben"));
    let all = story::all(&*world.center.store).await.unwrap();
    assert_eq!(all.len() as i64, world.center.store.log_head().await.unwrap().size);
    assert_eq!(told[0].value()["order"], "R-1");
}
