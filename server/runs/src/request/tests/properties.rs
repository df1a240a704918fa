//! Whatever somebody types, a cell is a request that the gateway reads and that says just that.

use domain::grid::{AnswerFormat, Case, ImageRef};
use llm::{Dialect, chat::Role, dialects::openai_chat::OpenAiChat, wire};
use proptest::prelude::*;
use uuid::Uuid;

use super::super::*;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[{}a-z \\n\"\\\\]{0,24}", "[é日🦀]{0,8}"].prop_map(|text| text.replace('\0', " "))
}

fn decimal() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "0\\.[0-9]{1,6}", "[01]"]
}

fn turn() -> impl Strategy<Value = Turn> {
    (any::<bool>(), text(), any::<bool>()).prop_map(|(is_user, text, has_image)| {
        let role = if is_user { TurnRole::User } else { TurnRole::Assistant };
        let id = ImageId(Uuid::from_u128(7));
        let image = ImageRef { id, media_type: "image/png".into(), bytes: 3, width: 1, height: 1 };
        Turn { role, text, images: if is_user && has_image { vec![image] } else { Vec::new() } }
    })
}

fn settings() -> impl Strategy<Value = Settings> {
    let numbers = (decimal(), decimal(), proptest::option::of(1..5_000_u32), any::<Option<i64>>());
    let words = (proptest::collection::vec("[a-z]{1,5}", 0..4), 0..domain::grid::EFFORTS.len(), 0..3_u8);
    (numbers, words, any::<bool>()).prop_map(|((temperature, top_p, max_output, seed), (stop, effort, format), raw)| {
        Settings {
            temperature,
            top_p,
            max_output,
            seed,
            stop,
            effort: domain::grid::EFFORTS[effort].to_owned(),
            format: [AnswerFormat::Text, AnswerFormat::Json, AnswerFormat::Schema][usize::from(format)],
            schema: r#"{"type": "object"}"#.into(),
            extra: if raw {
                r#"{"user": "u", "model": "x", "messages": 1, "stream": 0}"#.into()
            } else {
                String::new()
            },
            ..Settings::default()
        }
    })
}

fn grid() -> impl Strategy<Value = Grid> {
    let turns = || proptest::collection::vec(turn(), 1..4);
    (text(), turns(), turns(), settings(), text()).prop_map(|(system, turns, own, settings, value)| {
        let mut grid = Grid { settings, ..Grid::default() };
        grid.variants = vec![Variant { model: "small".into(), ..Variant::default() }];
        grid.prompt = Prompt { system, turns, ..Prompt::default() };
        let values = grid.variables().into_iter().map(|name| (name, value.clone())).collect();
        grid.cases = vec![Case { values, turns: own, ..Case::default() }];
        grid
    })
}

proptest! {
    #[test]
    fn pg_1_what_the_gateway_reads_is_what_the_grid_says(grid in grid()) {
        let place = Place { variant: 0, case: 0 };
        let picture = Picture { media_type: "image/png".into(), data: "AAAA".into() };
        let pictures = Pictures::from([(ImageId(Uuid::from_u128(7)), picture)]);
        let (system, turns) = grid.said(&grid.variants[0], &grid.cases[0]).unwrap();
        let body = body(&grid, place, &pictures, &[]);
        if system.is_empty() && turns.is_empty() {
            prop_assert!(body.is_err());
            return Ok(());
        }
        let body = body.unwrap();
        let request = OpenAiChat.decode(body.clone().into()).unwrap();
        prop_assert!(request.model == "small" && request.stream && request.wants_usage && request.answers == 1);
        prop_assert_eq!(request.max_output, grid.settings.max_output);
        let images: usize = turns.iter().map(|turn| turn.images.len()).sum();
        prop_assert_eq!(request.size.images as usize, images);
        let chat = wire::neutral(&request).unwrap();
        let said = chat.messages.iter().map(|message| {
            let text = message.parts.iter().filter_map(|part| match part {
                llm::chat::Part::Text { text, .. } => Some(text.as_str()),
                _ => None,
            });
            (message.role, text.collect::<String>())
        });
        let role = |turn: &Turn| if turn.role == TurnRole::User { Role::User } else { Role::Assistant };
        let system = (!system.is_empty()).then_some((Role::System, system));
        let meant = system.into_iter().chain(turns.iter().map(|turn| (role(turn), turn.text.clone())));
        prop_assert_eq!(said.collect::<Vec<_>>(), meant.collect::<Vec<_>>());
        let number = |value: &Option<Decimal>| value.as_ref().map_or("", Decimal::as_str).to_owned();
        prop_assert_eq!(number(&chat.temperature), &*grid.settings.temperature);
        prop_assert_eq!(number(&chat.top_p), &*grid.settings.top_p);
        prop_assert_eq!((&chat.stop, chat.seed), (&grid.settings.stop, grid.settings.seed));
    }

    #[test]
    fn hi_7_a_request_of_ours_that_was_stored_becomes_the_same_grid(grid in grid()) {
        let mut grid = grid;
        let turns = grid.prompt.turns.iter_mut().chain(grid.cases.iter_mut().flat_map(|case| &mut case.turns));
        turns.for_each(|turn| turn.images.clear());
        // One spelling of a variable stands for all of them when it is read back.
        let same = |text: &str| text.replace("{{", "{ {");
        grid.prompt.system = same(&grid.prompt.system);
        let turns = grid.prompt.turns.iter_mut().chain(grid.cases.iter_mut().flat_map(|case| &mut case.turns));
        turns.for_each(|turn| turn.text = same(&turn.text));
        let Ok(body) = body(&grid, Place { variant: 0, case: 0 }, &Pictures::new(), &[]) else { return Ok(()) };
        let Some((read, notes)) = crate::Workbench::read("openai_chat", &body) else {
            return Err(TestCaseError::fail("it cannot be read"));
        };
        prop_assert!(notes.is_empty(), "{:?}", notes);
        let meant = grid.said(&grid.variants[0], &grid.cases[0]).unwrap();
        prop_assert_eq!(read.said(&read.variants[0], &read.cases[0]).unwrap(), meant);
        let number = |text: &str| text.parse::<f64>().ok();
        prop_assert_eq!(number(&read.settings.temperature), number(&grid.settings.temperature));
        prop_assert_eq!(&read.settings.stop, &grid.settings.stop);
        prop_assert_eq!((&read.settings.effort, read.settings.format), (&grid.settings.effort, grid.settings.format));
    }
}
