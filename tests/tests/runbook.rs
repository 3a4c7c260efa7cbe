//! docs/operations/runbook.md: its links lead somewhere, and each of its commands does what it should against a local stack.

use weir_testkit::slack::{Answer, FakeSlack};
use weir_tests::{Document, Local, NOT_YET, Section, eventually, words};

const SHOP: &str = "north.myshopify.com";

fn is_to_come(command: &str) -> bool {
    NOT_YET.iter().any(|start| command.starts_with(start))
}

fn can_be_read(command: &str) -> Result<(), String> {
    let words: Vec<_> = words(command).into_iter().map(Into::into).collect();
    weir_cli::input::command_line(&words).map_err(|refused| refused.said)
}

/// With the runbook's words in capitals replaced.
fn filled_in(command: &str, event: &str) -> String {
    let replaced = |word: &str| match word {
        "SHOP" => SHOP.to_owned(),
        "EVENT" => format!("'{event}'"),
        // That of the dead letter whose event is named.
        "RESOURCE" => "products/1".to_owned(),
        "DESTINATION" => "forward".to_owned(),
        other => other.to_owned(),
    };
    command.split(' ').map(replaced).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_command_of_weirs_can_be_read_and_others_are_awss() {
    let (runbook, mut count) = (Document::runbook(), 0);
    for (section, command) in commands(&runbook) {
        if command.starts_with("weir ") {
            let command = filled_in(command, &format!("{SHOP}#id"));
            match can_be_read(&command) {
                Err(said) if !is_to_come(&command) => panic!("{}: {command}: {said}", section.anchor),
                _ => count += 1,
            }
        } else {
            assert!(command.starts_with("aws "), "{}: {command}", section.anchor);
        }
    }
    assert!(count > 50, "only {count} commands were found");
}

#[test]
fn outputs_named_as_missing_are_missing() {
    let runbook = Document::runbook();
    let unread: Vec<String> = commands(&runbook)
        .map(|(_, command)| filled_in(command, &format!("{SHOP}#id")))
        .filter(|command| can_be_read(command).is_err())
        .collect();
    for start in NOT_YET {
        assert!(unread.iter().any(|command| command.starts_with(start)), "{start} is there: take it out of NOT_YET");
    }
}

#[test]
fn links_within_the_runbook_lead_to_its_sections() {
    let (runbook, mut links) = (Document::runbook(), 0);
    for section in runbook.parts() {
        for link in section.text.split("](#").skip(1) {
            let anchor = link.split(')').next().expect("a link ends");
            assert!(runbook.sections().any(|known| known.anchor == anchor), "{}: #{anchor}", section.anchor);
            links += 1;
        }
    }
    assert!(links > 5, "only {links} links were found");
}

fn commands(runbook: &Document) -> impl Iterator<Item = (&Section, &str)> {
    runbook.parts().iter().flat_map(|section| section.commands().map(move |command| (section, command)))
}

/// Section by section, as somebody would give them who had that trouble. Where dead letters are spoken of, there are some: the
/// service that events are forwarded to has refused them, and is well again.
#[tokio::test]
async fn every_command_does_what_it_should_against_a_local_stack() {
    let service = FakeSlack::start(&[]).await;
    let local = Local::with("runbook", &[("ForwardUrl", &service.url())]).await;
    std::fs::write(local.folder().join("FIXED.json"), product(9)).unwrap();
    local.sim.place_orders(&local.shop.shop, 2);
    local.world.events(3).await;
    let runbook = Document::runbook();
    let mut run = 0;
    for (index, section) in runbook.parts().iter().enumerate() {
        let needs_letters = section.commands().any(|command| command.contains("weir dlq") || command.contains("EVENT"));
        let event = if needs_letters { dead_letters(&local, &service, index).await } else { String::new() };
        for command in section.commands().filter(|command| command.starts_with("weir ")) {
            let command = filled_in(command, &event);
            if is_to_come(&command) && can_be_read(&command).is_err() {
                continue;
            }
            let ended = local.weir(&words(&command)[1..]).await;
            // Of a stack with dead letters `weir status` says, by 3, that it needs attention.
            let is_status = command.starts_with("weir status") && ended.status == 3;
            assert!(
                is_status || ended.status == 0,
                "{}: {command}: {}\n{}",
                section.anchor,
                ended.stdout,
                ended.stderr
            );
            run += 1;
        }
    }
    assert!(run >= 50, "only {run} commands were run");
    local.world.end().await;
}

fn product(version: usize) -> String {
    format!(r#"{{"id":1,"updated_at":"2026-11-27T05:00:{version:02}Z"}}"#)
}

/// One dead letter in each lane, and no other. Returns that of `products/update`.
async fn dead_letters(local: &Local, service: &FakeSlack, index: usize) -> String {
    let (world, lanes) = (&local.world, &local.world.deployed.lanes);
    for lane in lanes.values() {
        world.take_raw(&lane.dlq_url).await;
    }
    service.answer(Answer::Status(400));
    // Newer each time, and each of its own resource: nothing here may be stale.
    let order =
        |id: usize| format!(r#"{{"id":{},"updated_at":"2026-11-27T05:00:{index:02}Z"}}"#, 1_000 + 10 * index + id);
    for (topic, body) in
        [("orders/paid", order(1)), ("orders/create", order(2)), ("products/update", product(10 + index))]
    {
        let delivery = world.delivery(topic, &format!("{index}-{}", topic.replace('/', "-")), body);
        world.accepted(&delivery).await;
    }
    for lane in lanes.values() {
        eventually("the dead letter", async || (world.depth(&lane.dlq_url).await > 0).then_some(())).await;
    }
    service.answer(Answer::Status(200));
    format!("{SHOP}#{index}-products-update")
}
