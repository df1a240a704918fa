use proptest::prelude::*;

use super::*;

fn decode(chunks: &[&[u8]]) -> (Vec<Vec<u8>>, Vec<u8>) {
    let mut decoder = Decoder::new();
    let mut events = Vec::new();
    for chunk in chunks {
        decoder.push(chunk, &mut events).unwrap();
    }
    decoder.finish(&mut events);
    let raw = events.iter().flat_map(|event| event.raw.to_vec()).collect();
    (events.into_iter().filter_map(|event| event.data).collect(), raw)
}

fn texts(input: &str) -> Vec<String> {
    decode(&[input.as_bytes()]).0.into_iter().map(|data| String::from_utf8(data).unwrap()).collect()
}

#[test]
fn every_line_end_separates_events() {
    for end in ["\n", "\r", "\r\n"] {
        let input = format!("data: one{end}{end}data: two{end}{end}");
        assert_eq!(texts(&input), ["one", "two"], "{end:?}");
    }
    assert_eq!(texts("data: one\r\n\ndata: two\n\r"), ["one", "two"]);
}

#[test]
fn comments_marks_other_fields_and_missing_spaces_do_not_disturb() {
    assert_eq!(texts("\u{feff}data:one\n\n"), ["one"]);
    assert_eq!(texts(": ping\n\nevent: x\nid: 7\ndata: one\n\n"), ["one"]);
    assert_eq!(texts("data: a\ndata:  b\ndata\n\n"), ["a\n b\n"]);
}

#[test]
fn a_last_event_without_its_blank_line_counts_and_is_completed() {
    let (data, raw) = decode(&[b"data: [DONE]"]);
    assert_eq!(data, [b"[DONE]"]);
    assert_eq!(raw, b"data: [DONE]\n\n");
}

#[test]
fn an_event_over_the_limit_is_refused_whatever_its_pieces() {
    let mut decoder = Decoder::new();
    let piece = vec![b'x'; 1024 * 1024];
    let mut events = Vec::new();
    let results: Vec<bool> = (0..9).map(|_| decoder.push(&piece, &mut events).is_ok()).collect();
    assert_eq!(results, [true, true, true, true, true, true, true, true, false]);
}

fn streams() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("data: ".to_owned()),
        Just("data:".to_owned()),
        Just(": note".to_owned()),
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        Just("\r\n".to_owned()),
        Just("\n\n".to_owned()),
        Just("\u{feff}".to_owned()),
        "[a-zé東]{0,6}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #[test]
    fn any_split_gives_the_same_events_and_the_same_bytes(input in streams(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
        let whole = decode(&[&input]);
        let mut borders: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        borders.sort_unstable();
        let mut chunks = Vec::new();
        let mut from = 0;
        for border in borders {
            chunks.push(&input[from..border]);
            from = border;
        }
        chunks.push(&input[from..]);
        prop_assert_eq!(decode(&chunks), whole.clone());
        let bytewise: Vec<&[u8]> = input.chunks(1).collect();
        prop_assert_eq!(decode(&bytewise), whole);
    }
}
